// SPDX-License-Identifier: Apache-2.0
// Key figures: value, change against the period before, course by day.
import type { Summary, Tile } from './api';
import { element, svg } from './element';
import { decimal, figure, fullDay } from './format';
import type { DateRange } from './view';

const width = 120;
const height = 32;

interface Point {
  x: number;
  y: number;
}

/** Points of a sparkline from zero; days without a value leave a gap. */
export function sparkline(values: (number | null)[]): Point[][] {
  const top = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const runs: Point[][] = [[]];
  values.forEach((value, index) => {
    if (value === null) runs.push([]);
    else runs.at(-1)!.push({ x: index * step, y: height - 2 - (value / top) * (height - 4) });
  });
  return runs.filter((run) => run.length > 0);
}

function sparklineNode(values: (number | null)[]): SVGElement {
  const node = svg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    class: 'sparkline',
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  });
  for (const run of sparkline(values)) {
    const line = run.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' L');
    const start = run[0]!.x.toFixed(1);
    const end = run.at(-1)!.x.toFixed(1);
    node.append(
      svg('path', { class: 'area', d: `M${start},${height} L${line} L${end},${height} Z` }),
      svg('path', { class: 'line', d: `M${line}` }),
    );
  }
  return node;
}

/** "+4.2 %" for amounts, "+0.4 points" for shares; null if there is nothing to compare with. */
export function change(tile: Tile): { text: string; direction: 'up' | 'down' | 'flat' } | null {
  if (tile.compared === null || tile.previous === null) return null;
  const isShare = tile.unit === 'share';
  if (!isShare && tile.previous === 0) return null;
  const amount = isShare
    ? (tile.compared - tile.previous) * 100
    : ((tile.compared - tile.previous) / tile.previous) * 100;
  const rounded = Math.round(amount * 10) / 10;
  const direction = rounded > 0 ? 'up' : rounded < 0 ? 'down' : 'flat';
  const sign = rounded > 0 ? '+' : rounded < 0 ? '−' : '±';
  return { text: `${sign}${decimal(Math.abs(rounded))} ${isShare ? 'points' : '%'}`, direction };
}

/** The course without the last day if that is incomplete: a fall at the end would mislead. */
function wholeDays(tile: Tile, summary: Summary): (number | null)[] {
  const cut = summary.range !== null && summary.range.to === summary.incomplete_day;
  return cut && tile.by_day.length > 1 ? tile.by_day.slice(0, -1) : tile.by_day;
}

const rangeText = (range: DateRange) => `${fullDay(range.from)} to ${fullDay(range.to)}`;

function tileNode(tile: Tile, summary: Summary): HTMLElement {
  const changed = change(tile);
  const arrow = { up: '▲', down: '▼', flat: '■' };
  const { compared_range: whole, previous_range: before } = summary;
  const comparison = changed
    ? element(
        'p',
        { class: `change ${changed.direction}` },
        element('span', { 'aria-hidden': 'true' }, arrow[changed.direction] + ' '),
        changed.text,
        element(
          'span',
          { class: 'sr-only' },
          whole && before ? ` for ${rangeText(whole)} against ${rangeText(before)}` : '',
        ),
      )
    : element('p', { class: 'change none' }, 'no earlier period');
  return element(
    'article',
    { class: 'tile', title: tile.definition, 'data-tile': tile.id },
    element('h2', {}, tile.title),
    element('p', { class: 'value' }, tile.value === null ? '–' : figure(tile.value, tile.unit)),
    comparison,
    sparklineNode(wholeDays(tile, summary)),
  );
}

export function showTiles(host: HTMLElement, summary: Summary): void {
  host.replaceChildren(...summary.tiles.map((tile) => tileNode(tile, summary)));
  host.removeAttribute('aria-busy');
}

/** Places of the tiles while they load, so that nothing jumps. */
export function showTilePlaces(host: HTMLElement): void {
  if (host.childElementCount > 0) return;
  host.setAttribute('aria-busy', 'true');
  host.replaceChildren(
    ...Array.from({ length: 6 }, () => element('div', { class: 'tile loading' })),
  );
}
