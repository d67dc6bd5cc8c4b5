// SPDX-License-Identifier: Apache-2.0
// The two date fields. A browser tells of a change at every key, when the year of "2025" is still 2 and then 20: what is
// typed counts once the field is left or Enter is pressed, and until then nothing is written into it.
import { readDate, type DateRange } from './view';

const clamp = (date: string, { from, to }: DateRange) =>
  date < from ? from : date > to ? to : date;

export class DateFields {
  private typedIn: HTMLInputElement | null = null;
  private shown: DateRange | null = null;
  private available: DateRange | null = null;

  /** `onChosen` hears of ranges within what is available, `from` never after `to`. */
  constructor(
    private readonly from: HTMLInputElement,
    private readonly to: HTMLInputElement,
    private readonly onChosen: (range: DateRange) => void,
  ) {
    for (const input of [from, to]) {
      input.addEventListener('pointerdown', () => (this.typedIn = null));
      input.addEventListener('keydown', (event) => {
        if (event.key === 'Enter') this.choose(input);
        else if (event.key !== 'Tab') this.typedIn = input;
      });
      input.addEventListener('change', () => {
        if (this.typedIn !== input) this.choose(input); // picked from the calendar
      });
      input.addEventListener('blur', () => this.choose(input));
    }
  }

  show(range: DateRange, available: DateRange): void {
    this.shown = range;
    this.available = available;
    this.write();
  }

  private write(): void {
    if (this.shown === null || this.available === null) return;
    for (const input of [this.from, this.to]) {
      if (input === this.typedIn) continue;
      input.min = this.available.from;
      input.max = this.available.to;
      input.value = input === this.from ? this.shown.from : this.shown.to;
    }
  }

  /** A day beyond the other end takes that end with it; half a date is put back. */
  private choose(input: HTMLInputElement): void {
    this.typedIn = null;
    const date = readDate(input.value);
    const before = input === this.from ? this.shown?.from : this.shown?.to;
    if (date === null || date === before || this.shown === null || this.available === null) {
      this.write();
      return;
    }
    const day = clamp(date, this.available);
    const { from, to } = this.shown;
    this.onChosen(
      input === this.from
        ? { from: day, to: clamp(to < day ? day : to, this.available) }
        : { from: clamp(from > day ? day : from, this.available), to: day },
    );
  }
}
