// SPDX-License-Identifier: Apache-2.0
// Numbers, times and texts for people. Pure.
import type { Cell } from './api';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const finePercent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });
const dayMonth = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  timeZone: 'UTC',
});
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

export const integer = (value: number) => whole.format(value);
export const decimal = (value: number) => one.format(value);
export const short = (value: number) => (Math.abs(value) < 10_000 ? whole : compact).format(value);
export const share = (value: number) =>
  (value !== 0 && value < 0.01 ? finePercent : percent).format(value);

/** "42 s", "21 min", "1 h 12 min". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

export const day = (date: string) => dayMonth.format(new Date(date + 'T00:00:00Z'));
export const fullDay = (date: string) => dayMonthYear.format(new Date(date + 'T00:00:00Z'));
export const instant = (time: string) => {
  const at = new Date(time);
  return `${dayMonthYear.format(at)}, ${clock.format(at)} UTC`;
};
export const timeOfDay = (time: string) => `${clock.format(new Date(time))} UTC`;

/** "just now", "4 min ago", "3 days ago". */
export function ago(seconds: number): string {
  const units: [number, string][] = [
    [31_557_600, 'year'],
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, name] of units) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${name}${count === 1 ? '' : 's'} ago`;
  }
  return seconds < 10 ? 'just now' : `${Math.floor(seconds)} seconds ago`;
}

/** One figure with its unit, as tiles and tables write it. */
export function figure(value: number, unit: string): string {
  if (unit === 'share') return share(value);
  if (unit === 's') return duration(value);
  if (unit === 'h') return `${value < 100 ? decimal(value) : integer(value)} h`;
  if (unit === 'rank' || unit === 'status') return String(value);
  return Number.isInteger(value) ? integer(value) : decimal(value);
}

export function cell(value: Cell, unit: string): string {
  if (value === null) return '–';
  if (typeof value === 'string') return unit === 'date' ? fullDay(value) : clip(value, 200);
  return figure(value, unit);
}

/** A text of strangers: at most `length` characters, line breaks and controls as spaces. */
export function clip(text: string, length: number): string {
  const clean = text.slice(0, length * 4).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, ' ');
  const letters = Array.from(clean);
  return letters.length <= length ? clean : letters.slice(0, length - 1).join('') + '…';
}

/** The same between isolates, for a canvas, where a right-to-left name would turn its neighbours around. */
export const isolated = (text: string, length: number) => `\u2068${clip(text, length)}\u2069`;
