// SPDX-License-Identifier: Apache-2.0
// The columns of the catalogue file, as src/simulator/catalogue_file.hpp reads them: a length, then bytes.

/** Texts without newline, one a line; each begins with a byte 32 + length of what it shares with the one before. */
export function texts(values) {
  let before = Buffer.alloc(0);
  const lines = values.map((value) => {
    const bytes = Buffer.from(value);
    let shared = 0;
    while (shared < Math.min(bytes.length, before.length, 223) && bytes[shared] === before[shared])
      shared++;
    before = bytes;
    return Buffer.concat([Buffer.from([32 + shared]), bytes.subarray(shared), Buffer.from('\n')]);
  });
  return column(Buffer.concat(lines));
}

/** Numbers of 32 bits as four planes, lowest bytes first: what is small or regular compresses to nothing. */
export function numbers(values) {
  const planes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new Error(`${value} has no 32 bits`);
    for (let plane = 0; plane < 4; plane++)
      planes[plane * values.length + i] = (value >>> (8 * plane)) & 255;
  });
  return column(planes);
}

/** Integers as zigzag differences from the one before. */
export function deltas(values) {
  return numbers(values.map((value, i) => zigzag(value - (i === 0 ? 0 : values[i - 1]))));
}

/** Texts of a small vocabulary: the words, most frequent first, then each list of texts as word numbers from 1, 0 = end. */
export function phrases(...lists) {
  const counts = new Map([['', Infinity]]); // stands for the end
  for (const word of lists.flat().flatMap((text) => text.split(' ')))
    counts.set(word, (counts.get(word) ?? 0) + 1);
  const vocabulary = [...counts]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([word]) => word);
  const numberOf = new Map(vocabulary.map((word, number) => [word, number]));
  const spelled = (list) =>
    list.flatMap((text) => [...text.split(' ').map((word) => numberOf.get(word)), 0]);
  return [texts(vocabulary.slice(1)), ...lists.map((list) => numbers(spelled(list)))];
}

const zigzag = (value) => (value < 0 ? -2 * value - 1 : 2 * value);

function column(bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}
