// SPDX-License-Identifier: Apache-2.0
// What the address says: range and theme. Unknown keys and unreadable values are ignored, so old links keep working.

export type Preset = '7' | '30' | '90' | 'all';
export type Tab = 'charts' | 'pipeline';
export type Theme = 'light' | 'dark' | 'system';

export interface View {
  preset: Preset | null; // null: from and to are given
  from: string | null;
  to: string | null;
  theme: Theme;
  tab: Tab;
}

export interface DateRange {
  from: string;
  to: string;
}

export const defaultPreset: Preset = '90';
const presets: readonly string[] = ['7', '30', '90', 'all'];
const themes: readonly string[] = ['light', 'dark', 'system'];
const dayMs = 86_400_000;

/** "2025-03-14" if the day exists, else null. */
export function readDate(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const time = Date.parse(text + 'T00:00:00Z');
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? null : text;
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date + 'T00:00:00Z') + days * dayMs).toISOString().slice(0, 10);
}

export function readView(search: string): View {
  const parameters = new URLSearchParams(search);
  const from = readDate(parameters.get('from'));
  const to = readDate(parameters.get('to'));
  const range = parameters.get('range') ?? '';
  const theme = parameters.get('theme') ?? '';
  const custom = from !== null && to !== null && from <= to;
  return {
    preset: custom ? null : presets.includes(range) ? (range as Preset) : defaultPreset,
    from: custom ? from : null,
    to: custom ? to : null,
    theme: themes.includes(theme) ? (theme as Theme) : 'system',
    tab: parameters.get('tab') === 'pipeline' ? 'pipeline' : 'charts',
  };
}

/** The address of a view; what is as usual is left out. */
export function writeView(view: View): string {
  const parameters = new URLSearchParams();
  if (view.preset === null && view.from !== null && view.to !== null) {
    parameters.set('from', view.from);
    parameters.set('to', view.to);
  } else if (view.preset !== null && view.preset !== defaultPreset) {
    parameters.set('range', view.preset);
  }
  if (view.tab !== 'charts') parameters.set('tab', view.tab);
  if (view.theme !== 'system') parameters.set('theme', view.theme);
  const text = parameters.toString();
  return text === '' ? '/' : '/?' + text;
}

/** The days a view shows, of those there are; presets count back from the last day of the data. */
export function rangeOf(view: View, available: DateRange): DateRange {
  if (view.preset === null && view.from !== null && view.to !== null) {
    return { from: view.from, to: view.to };
  }
  if (view.preset === 'all') return available;
  const from = addDays(available.to, 1 - Number(view.preset));
  return { from: from < available.from ? available.from : from, to: available.to };
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
