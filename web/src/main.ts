// SPDX-License-Identifier: Apache-2.0
// Wires the page: address -> view -> range -> tiles and cards; follows the server's snapshots.
import { ApiError, fetchPipeline, fetchStatus, fetchSummary, type Status } from './api';
import { Card, type CardKind } from './card';
import { DateFields } from './date_fields';
import { element, byId } from './element';
import { ago, duration, fullDay, instant } from './format';
import { followPipeline } from './pipeline';
import { showTilePlaces, showTiles } from './tiles';
import {
  applyTheme,
  rangeOf,
  readView,
  writeView,
  type Preset,
  type Tab,
  type Theme,
  type View,
} from './view';

const statusInterval = 5_000;
const liveInterval = 1_000;
const lateAfterSeconds = 2 * 3600;
const behindAfterSeconds = 300; // of a simulated service: several builds must have failed
const historicAfterSeconds = 2 * 86_400;

const kinds: CardKind[] = [
  { id: 'daily_user_listen_counts', title: 'Daily listens', wide: true },
  { id: 'top_songs', title: 'Top songs', wide: false },
  { id: 'weekday_listening', title: 'Mean listening time by weekday', wide: false },
  { id: 'daily_active_users', title: 'Active users', wide: false },
  { id: 'session_lengths', title: 'Session lengths', wide: false },
  { id: 'free_vs_paid', title: 'Free against paid', wide: false },
  { id: 'status_codes', title: 'Status codes', wide: false },
];

const cards = kinds.map((kind) => new Card(kind));
const tiles = byId('tiles');
const dates = new DateFields(byId('from'), byId('to'), (range) =>
  go({ ...view, preset: null, ...range }),
);
let view: View = readView(location.search);
let status: Status | null = null;
let isOffline = false; // the last question about the state was not answered
let behindSource: number | null = null; // seconds of our clock, of a simulated service
let clockSkew = 0; // server's clock minus ours, ms
let summaryRequest: AbortController | null = null;

function announce(text: string): void {
  byId('announcer').textContent = text;
}

function showNotice(text: string): void {
  const notice = byId('notice');
  notice.hidden = text === '';
  notice.textContent = text;
}

const refreshPipeline = followPipeline(() => isPipelineShown());

function isPipelineShown(): boolean {
  return status?.pipeline === true && view.tab === 'pipeline';
}

function showTabs(): void {
  const shown = isPipelineShown();
  byId('tabs').hidden = status?.pipeline !== true;
  byId('pipeline').hidden = !shown;
  for (const id of ['range', 'tiles', 'charts']) byId(id).hidden = shown;
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-tab]')) {
    button.setAttribute('aria-pressed', String((button.dataset['tab'] === 'pipeline') === shown));
  }
  if (shown) refreshPipeline();
}

function showFreshness(): void {
  const host = byId('freshness');
  const text = byId('freshness-text');
  const failed = isOffline || (status?.failure ?? null) !== null;
  if (status?.as_of === undefined) {
    if (status === null && !isOffline) return; // the first answer is awaited
    host.dataset['state'] = failed ? 'late' : 'empty';
    text.textContent = isOffline ? 'No answer' : failed ? 'No data: failed' : 'No data yet';
    return;
  }
  const age = (Date.now() + clockSkew - Date.parse(status.as_of)) / 1000;
  if (status.simulated) {
    const late = failed || (behindSource ?? 0) > behindAfterSeconds;
    const behind = behindSource === null ? '' : ` (${duration(behindSource)} behind its source)`;
    host.dataset['state'] = late ? 'late' : 'fresh';
    text.textContent = `${late ? 'Late' : 'Live'}, by a simulated clock: data as of ${instant(status.as_of)}${behind}`;
    return;
  }
  const historic = age > historicAfterSeconds;
  const late = failed || (age > lateAfterSeconds && !historic);
  host.dataset['state'] = late ? 'late' : historic ? 'historic' : 'fresh';
  text.textContent = `${late ? 'Late: data' : 'Data'} as of ${instant(status.as_of)} (${ago(Math.max(age, 0))})`;
}

function showProvenance(): void {
  const { snapshot, built_at: builtAt, available } = status ?? {};
  byId('provenance').textContent =
    snapshot === undefined || builtAt === undefined || !available
      ? ''
      : `Snapshot ${snapshot}, built ${instant(builtAt)}. Data from ${fullDay(available.from)} to ${fullDay(available.to)}, days in UTC.`;
}

function showControls(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-range]')) {
    button.setAttribute('aria-pressed', String(button.dataset['range'] === view.preset));
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-theme-choice]')) {
    button.setAttribute('aria-pressed', String(button.dataset['themeChoice'] === view.theme));
  }
}

async function showSummary(range: { from: string; to: string }): Promise<void> {
  summaryRequest?.abort();
  const request = (summaryRequest = new AbortController());
  try {
    const summary = await fetchSummary(range, request.signal);
    if (!request.signal.aborted) showTiles(tiles, summary);
  } catch (failure) {
    if (request.signal.aborted) return;
    const reason = failure instanceof ApiError ? failure.message : 'The page failed.';
    tiles.replaceChildren(
      element('p', { class: 'message' }, `The key figures could not be loaded. ${reason}`),
    );
  }
}

function showAll(): void {
  showControls();
  showFreshness();
  showProvenance();
  showTabs();
  if (isPipelineShown()) return;
  if (!status?.available) {
    tiles.replaceChildren();
    byId('charts').hidden = true;
    showNotice(
      status?.failure
        ? `No data is loaded: ${status.failure}.`
        : 'There is no data yet. Load events with “bassline ingest” and run “bassline build”; this page will follow.',
    );
    return;
  }
  byId('charts').hidden = false;
  showNotice(
    status.failure === null ? '' : `Showing snapshot ${status.snapshot}: ${status.failure}.`,
  );
  const range = rangeOf(view, status.available);
  dates.show(range, status.available);
  void showSummary(range);
  for (const card of cards) card.show(range);
}

async function refreshStatus(): Promise<void> {
  try {
    const next = await fetchStatus();
    behindSource = next.simulated ? (await fetchPipeline()).charts.age_seconds : null;
    clockSkew = Date.parse(next.now) - Date.now();
    // A lake made anew has the old numbers.
    const updated =
      status !== null && (status.snapshot !== next.snapshot || status.built_at !== next.built_at);
    const changed = status === null || updated || status.failure !== next.failure;
    const isBack = isOffline;
    isOffline = false;
    status = next;
    if (changed || isBack) showAll();
    else showFreshness();
    if (updated && next.as_of) announce(`Data updated, as of ${instant(next.as_of)}`);
  } catch {
    isOffline = true;
    showFreshness();
    showNotice('The server does not answer. What stands here may be old; trying again.');
  }
}

function go(next: View): void {
  view = next;
  history.pushState(null, '', writeView(view));
  showAll();
}

function listen(): void {
  byId('range').addEventListener('submit', (event) => event.preventDefault());
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-range]')) {
    button.addEventListener('click', () => {
      go({ ...view, preset: button.dataset['range'] as Preset, from: null, to: null });
      if (!status?.available) return;
      const range = rangeOf(view, status.available);
      announce(`Showing ${fullDay(range.from)} to ${fullDay(range.to)}`);
    });
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-tab]')) {
    button.addEventListener('click', () => go({ ...view, tab: button.dataset['tab'] as Tab }));
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-theme-choice]')) {
    button.addEventListener('click', () => {
      view = { ...view, theme: button.dataset['themeChoice'] as Theme };
      history.replaceState(null, '', writeView(view));
      applyTheme(view.theme);
      showControls();
      for (const card of cards) card.redraw();
    });
  }
  window.addEventListener('popstate', () => {
    view = readView(location.search);
    applyTheme(view.theme);
    showAll();
    for (const card of cards) card.redraw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const card of cards) card.redraw();
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refreshStatus();
  });
}

function observe(): void {
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) cards.find((card) => card.node === entry.target)?.becomeVisible();
      }
    },
    { rootMargin: '200px' },
  );
  const sizes = new ResizeObserver((entries) => {
    for (const entry of entries) cards.find((card) => card.node === entry.target)?.resize();
  });
  for (const card of cards) {
    near.observe(card.node);
    sizes.observe(card.node);
  }
}

byId('charts').append(...cards.map((card) => card.node));
showTilePlaces(tiles);
showControls();
listen();
observe();
void refreshStatus();
function followStatus(): void {
  const next = status?.pipeline === true ? liveInterval : statusInterval;
  setTimeout(() => {
    void (document.hidden ? Promise.resolve() : refreshStatus()).then(followStatus);
  }, next);
}
followStatus();
setInterval(showFreshness, statusInterval);
