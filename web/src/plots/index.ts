// SPDX-License-Identifier: Apache-2.0
// One drawing a chart. A chunk of its own: the first paint does not wait for ECharts.
import type { ChartData } from '../api';
import { freeAgainstPaid, sessionLengths, statusCodes, topSongs, weekdays } from './bars';
import { init, type ECharts, type EChartsOption } from './echarts';
import { readPalette, type Palette } from './palette';
import { activeUsers, dailyListens } from './time';

type Drawing = (data: ChartData, palette: Palette, width: number) => EChartsOption;

const drawings: Record<string, Drawing> = {
  daily_user_listen_counts: dailyListens,
  top_songs: topSongs,
  weekday_listening: weekdays,
  daily_active_users: activeUsers,
  session_lengths: sessionLengths,
  free_vs_paid: freeAgainstPaid,
  status_codes: statusCodes,
};

export class Plot {
  private readonly chart: ECharts;
  private data: ChartData | null = null;
  private width = 0;

  constructor(
    private readonly drawing: Drawing,
    private readonly host: HTMLElement,
  ) {
    this.chart = init(host, null, { renderer: 'canvas' });
    this.chart.on('finished', () => {
      host.dataset['drawn'] = 'true';
    });
  }

  draw(data: ChartData): void {
    this.data = data;
    this.width = this.host.clientWidth;
    delete this.host.dataset['drawn'];
    this.chart.setOption(this.drawing(data, readPalette(), this.width), { notMerge: true });
  }

  /** To the host's size; labels are laid out anew when the width changed. */
  resize(): void {
    const width = this.host.clientWidth;
    if (width === 0 || this.data === null) return;
    this.chart.resize();
    if (width !== this.width) this.draw(this.data);
  }
}

export function createPlot(id: string, host: HTMLElement): Plot {
  const drawing = drawings[id];
  if (drawing === undefined) throw new Error('no drawing for chart ' + id);
  return new Plot(drawing, host);
}
