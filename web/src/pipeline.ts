// SPDX-License-Identifier: Apache-2.0
// The pipeline tab: what each stage of a `run` around the server is doing, asked every second while it is looked at.
import { fetchPipeline, type Pipeline } from './api';
import { byId, element } from './element';
import { decimal, instant, integer } from './format';

type Figure = [name: string, value: string];

const interval = 1_000;
const seconds = (value: number | null) => (value === null ? 'not yet' : `${decimal(value)} s`);

function stages(state: Pipeline): [title: string, figures: Figure[]][] {
  const { source, ingest, build, charts } = state;
  const list: [string, Figure[]][] = [
    [
      'Ingest',
      [
        ['Records a second', integer(ingest.records_per_second)],
        ['Rows in bronze, this run', integer(ingest.rows)],
        ['Refused, in quarantine', integer(ingest.quarantined)],
        ['Commits', integer(ingest.commits)],
      ],
    ],
    [
      'Build',
      [
        ['State', build.building ? 'building' : 'waiting'],
        ['Last build', `${decimal(build.last_seconds)} s, ${integer(build.last_dates)} days`],
        ['Builds', integer(build.builds)],
        ['Failed', integer(build.failed)],
      ],
    ],
    [
      'Charts',
      [
        [
          'Behind the source',
          charts.age_seconds === null ? 'not known of logs' : seconds(charts.age_seconds),
        ],
        ['Event to chart, median', seconds(charts.latency_p50_seconds)],
        ['Event to chart, 99 of 100', seconds(charts.latency_p99_seconds)],
        ['Snapshot', integer(charts.snapshot)],
      ],
    ],
  ];
  if (source !== null) {
    list.unshift([
      'Simulator',
      [
        ['Its clock', instant(source.simulated_now)],
        [
          'Times as fast as ours',
          source.speed < 10 ? decimal(source.speed) : integer(source.speed),
        ],
        ['Records a second', integer(source.records_per_second)],
        ['Not yet in bronze', `${decimal(source.lag_bytes / 1e6)} MB`],
      ],
    ]);
  }
  return list;
}

function stageNode(title: string, figures: Figure[]): HTMLElement {
  return element(
    'section',
    { class: 'stage' },
    element('h2', {}, title),
    element(
      'dl',
      {},
      ...figures.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
    ),
  );
}

async function refresh(): Promise<void> {
  const host = byId('pipeline');
  try {
    const state = await fetchPipeline();
    host.replaceChildren(...stages(state).map(([title, figures]) => stageNode(title, figures)));
  } catch {
    host.replaceChildren(element('p', { class: 'message' }, 'The server does not answer.'));
  }
}

/** Shows the tab from now on; `isShown` says whether it is being looked at. */
export function followPipeline(isShown: () => boolean): () => void {
  setInterval(() => {
    if (isShown() && !document.hidden) void refresh();
  }, interval);
  return () => void refresh();
}
