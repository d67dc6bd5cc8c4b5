// SPDX-License-Identifier: Apache-2.0
// Draws from a fixed seed, the same on every machine: 32-bit integers, and V8's own log, cos and exp.

export class Random {
  #state;

  constructor(seed) {
    this.#state = Uint32Array.from([seed, 0x9e3779b9, 0x243f6a88, 1]);
    for (let i = 0; i < 16; i++) this.uniform();
  }

  /** sfc32 over [0, 1). */
  uniform() {
    const s = this.#state;
    const result = (s[0] + s[1] + s[3]) >>> 0;
    s[3]++;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + result;
    return result / 4294967296;
  }

  below(count) {
    return Math.floor(this.uniform() * count);
  }

  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  shuffled(values) {
    const result = [...values];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j], result[i]];
    }
    return result;
  }

  /** A function that draws one of the values, the k-th (from 0) by weight(k). */
  chooser(values, weight = () => 1) {
    const ends = [];
    values.reduce((sum, _, k) => (ends[k] = sum + weight(k)), 0);
    return () => {
      const at = this.uniform() * ends[ends.length - 1];
      let [low, high] = [0, ends.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle] > at) high = middle;
        else low = middle + 1;
      }
      return values[low];
    };
  }
}
