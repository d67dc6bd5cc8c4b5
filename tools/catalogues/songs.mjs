// SPDX-License-Identifier: Apache-2.0
// Invented songs: a seeded grammar over dictionary words. 50,000 songs of 9,000 artists, the first the most played.
import { Random } from './random.mjs';

const kSongs = 50_000;
const kArtists = 9_000;
const kOddShare = 0.05; // texts with accents, quotes, backslashes, CJK or emoji
const kVersionShare = 0.06;
const kFramesPerSecond = 75; // as compact discs have it: lengths of whole frames

// [weight, pattern]: A an adjective, N a noun, V a verb; the other words stand for themselves.
const kTitles = [
  [22, 'A N'],
  [10, 'N'],
  [9, 'N of the N'],
  [8, 'The A N'],
  [7, 'V the N'],
  [6, 'V Me'],
  [5, 'N and N'],
  [4, "Don't V"],
  [4, 'V N'],
  [4, 'My A N'],
  [3, 'A'],
  [3, 'No N'],
  [3, 'I V'],
  [3, 'In the N'],
  [2, 'A N , A N'],
  [2, 'N (Part 2)'],
  [2, 'N N'],
  [2, "V 'til the N"],
  [1, 'V / V'],
];
const kNames = [
  [25, 'The A N'],
  [20, 'A N'],
  [18, 'N N'],
  [10, 'N'],
  [8, 'N & N'],
  [5, 'DJ N'],
  [5, 'N and the A N'],
  [4, 'V N'],
  [3, 'The N'],
  [2, 'N 5'],
];
const kVersions = [
  '(Live)',
  '(Album Version)',
  '(Remix)',
  '(Acoustic)',
  '(Radio Edit)',
  '(Remastered)',
  '[Demo]',
];
const kAccents = {
  a: 'áäåàã',
  c: 'ç',
  e: 'éèëê',
  i: 'íïî',
  n: 'ñ',
  o: 'öøóô',
  s: 'š',
  u: 'üúû',
  y: 'ý',
  z: 'ž',
};
const kForeign =
  '夜 雨 恋 東京 星空 桜 未来 海 風 夢 月光 涙 夏 花火 こころ さくら メロディ ダンス 사랑 봄날 하늘 별 그대 노래 月亮 天空 朋友 時間 回家 自由'.split(
    ' ',
  );
const kEmoji = '🎵 🔥 💔 🌙 ✨ 🌊 🚀 🖤 🌹 👩‍🚀 🇺🇸 ☀️'.split(' ');

const capital = (word) => word[0].toUpperCase() + word.slice(1);

class Grammar {
  constructor(random, words) {
    this.random = random;
    const zipf = (list) =>
      random.chooser(random.shuffled(list).map(capital), (k) => (k + 20) ** -0.8);
    this.word = { A: zipf(words.adjective), N: zipf(words.noun), V: zipf(words.verb) };
    this.version = random.chooser(kVersions, (k) => 1 / (k + 1));
    this.foreign = random.chooser(kForeign);
    this.emoji = random.chooser(kEmoji);
    this.title = this.#patterns(kTitles);
    this.name = this.#patterns(kNames);
    this.oddity = random.chooser([
      (text) => this.#accented(text),
      (text) => this.#accented(text),
      (text) => `"${text}"`,
      (text) => text.replace(/(\S+)$/, '"$1"'),
      (text) => `${text} \\ ${this.word.N()}`,
      (text) => `${text} \\o/`,
      () => `${this.foreign()}${this.foreign()}`,
      (text) => `${text} (${this.foreign()})`,
      (text) => `${text} ${this.emoji()}`,
    ]);
  }

  #patterns(table) {
    const choose = this.random.chooser(
      table.map(([, pattern]) => pattern),
      (k) => table[k][0],
    );
    return () => {
      const words = choose()
        .split(' ')
        .map((word) => (this.word[word] ? this.word[word]() : word));
      return words.join(' ').replaceAll(' ,', ',');
    };
  }

  #accented(text) {
    return text.replace(/[aceinosuyz]/g, (letter) => {
      const forms = kAccents[letter];
      return this.random.uniform() < 0.5 ? forms[this.random.below(forms.length)] : letter;
    });
  }

  odd(text) {
    return this.random.uniform() < kOddShare ? this.oddity()(text) : text;
  }
}

// Draws until one is new.
function fresh(seen, draw) {
  for (;;) {
    const value = draw();
    if (!seen.has(value)) return seen.add(value) && value;
  }
}

// The artist of each song: everybody has two, the rest go to the known.
function artistOfSongs(random) {
  const numbers = Array.from({ length: kArtists }, (_, k) => k);
  const choose = random.chooser(numbers, (k) => (k + 60) ** -0.8);
  const others = Array.from({ length: kSongs - 2 * kArtists }, choose);
  return random.shuffled([...numbers, ...numbers, ...others]);
}

// Lognormal: median 224 s, mean 239.5 s, p10 to p90 136 to 350 s.
function frames(random) {
  for (;;) {
    const seconds = Math.exp(Math.log(224) + 0.367 * random.normal());
    if (seconds >= 30 && seconds <= 870) return Math.round(seconds * kFramesPerSecond);
  }
}

/** {artists: [name], songs: [{artist: index, title, frames, weight}]}; `words` as faker's `en.word`. */
export function makeSongs(words, seed) {
  const random = new Random(seed);
  const grammar = new Grammar(random, words);
  const names = new Set();
  const artists = Array.from({ length: kArtists }, () =>
    fresh(names, () => grammar.odd(grammar.name())),
  );
  const titles = artists.map(() => new Set());
  const songs = artistOfSongs(random).map((artist, rank) => {
    const version = () => (random.uniform() < kVersionShare ? ` ${grammar.version()}` : '');
    const title = fresh(titles[artist], () => grammar.odd(grammar.title()) + version());
    const weight = Math.round(1e7 * (rank + 1 + 10) ** -0.85); // Zipf-Mandelbrot, as real plays have it
    return { artist, title, frames: frames(random), weight };
  });
  return { artists, songs };
}
