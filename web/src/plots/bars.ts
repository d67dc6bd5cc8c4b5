// SPDX-License-Identifier: Apache-2.0
// Charts over categories: songs, weekdays, lengths, levels, statuses.
import type { ChartData } from '../api';
import { clip, duration, figure, integer, isolated, share } from '../format';
import type { EChartsOption } from './echarts';
import { fitted } from './fitted';
import { categoryAxis, countAxis, fineDecal, shared, valueAxis, type Palette } from './palette';
import { numbers, texts } from './rows';

const songsShown = 10;

const itemTooltip = (palette: Palette, lines: (index: number) => string[]) => ({
  ...(shared(palette).tooltip as object),
  trigger: 'item' as const,
  formatter: (parameter: unknown) =>
    lines((parameter as { dataIndex: number }).dataIndex).join('\n'),
});

const axisTooltip = (palette: Palette, lines: (index: number) => string[]) => ({
  ...(shared(palette).tooltip as object),
  trigger: 'axis' as const,
  axisPointer: {
    type: 'shadow' as const,
    z: 0,
    shadowStyle: { color: palette.soft, opacity: 0.5 },
  },
  formatter: (parameters: unknown) =>
    lines((parameters as { dataIndex: number }[])[0]!.dataIndex).join('\n'),
});

export function topSongs(data: ChartData, palette: Palette, width: number): EChartsOption {
  const songs = texts(data, 'song').slice(0, songsShown);
  const artists = texts(data, 'artist');
  const plays = numbers(data, 'play_count').slice(0, songsShown);
  const listened = numbers(data, 'listened_seconds');
  const labelWidth = Math.round(Math.min(270, width * 0.46));
  return {
    ...shared(palette),
    grid: { left: 4, right: 48, top: 4, bottom: 4, containLabel: true },
    tooltip: itemTooltip(palette, (index) => [
      isolated(songs[index]!, 60),
      isolated(artists[index]!, 60),
      `${integer(plays[index] ?? 0)} plays`,
      `${duration(listened[index] ?? 0)} listened`,
    ]),
    xAxis: { ...countAxis(palette), show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: songs.map((_, index) => String(index)),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: {
        width: labelWidth,
        align: 'left',
        margin: labelWidth + 8,
        formatter: (index: string) => {
          const at = Number(index);
          // Braces would be read as style marks of the label.
          const plain = (text: string, size: number) =>
            fitted(text.replace(/[{}|]/g, ' '), labelWidth, size);
          return `{song|${plain(songs[at]!, 12)}}\n{artist|${plain(artists[at]!, 11)}}`;
        },
        rich: {
          song: { color: palette.ink, fontSize: 12, lineHeight: 16, width: labelWidth },
          artist: { color: palette.muted, fontSize: 11, lineHeight: 14, width: labelWidth },
        },
      },
    },
    series: [
      {
        type: 'bar',
        barWidth: 14,
        itemStyle: { color: palette.paid, borderRadius: [0, 3, 3, 0] },
        emphasis: { disabled: true },
        label: {
          show: true,
          position: 'right',
          color: palette.ink,
          formatter: ({ dataIndex }) => integer(plays[dataIndex] ?? 0),
        },
        data: plays,
      },
    ],
  };
}

export function weekdays(data: ChartData, palette: Palette): EChartsOption {
  const names = texts(data, 'weekday');
  const means = numbers(data, 'mean_listening_time');
  const medians = numbers(data, 'median_listening_time');
  const userDays = numbers(data, 'user_days');
  const minutes = (values: (number | null)[]) =>
    values.map((value) => (value === null ? null : value / 60));
  const text = (seconds: number | null | undefined) =>
    seconds == null ? 'no data' : duration(seconds);
  return {
    ...shared(palette),
    tooltip: axisTooltip(palette, (index) => [
      names[index]!,
      `Mean  ${text(means[index])}`,
      `Median  ${text(medians[index])}`,
      `User-days  ${integer(userDays[index] ?? 0)}`,
    ]),
    xAxis: categoryAxis(palette, names, (name) => name.slice(0, 3)),
    yAxis: valueAxis(palette, (value) => `${value} min`),
    series: [
      {
        name: 'Mean',
        type: 'bar',
        barMaxWidth: 36,
        itemStyle: { color: palette.paid, borderRadius: [3, 3, 0, 0] },
        emphasis: { disabled: true },
        data: minutes(means),
      },
      {
        name: 'Median',
        type: 'line',
        symbol: 'circle',
        symbolSize: 9,
        lineStyle: { width: 0 },
        itemStyle: { color: palette.free, borderColor: palette.card, borderWidth: 2 },
        emphasis: { disabled: true },
        data: minutes(medians),
      },
    ],
  };
}

/** "15 to 30 min" as "15–30" over "min", so that all labels fit beside each other. */
export const shortLength = (label: string) =>
  label
    .replace('under ', '<')
    .replace(' to ', '–')
    .replace(/^(\d+) (\w+) and more$/, '≥$1 $2')
    .replace(' ', '\n');

export function sessionLengths(data: ChartData, palette: Palette): EChartsOption {
  const buckets = texts(data, 'bucket');
  const sessions = numbers(data, 'session_count');
  const shares = numbers(data, 'share');
  return {
    ...shared(palette),
    grid: { left: 4, right: 12, top: 12, bottom: 4, containLabel: true },
    tooltip: axisTooltip(palette, (index) => [
      buckets[index]!,
      `${integer(sessions[index] ?? 0)} sessions`,
      `${share(shares[index] ?? 0)} of all`,
    ]),
    xAxis: {
      ...categoryAxis(palette, buckets),
      axisLabel: { color: palette.muted, interval: 0, lineHeight: 15, formatter: shortLength },
    },
    yAxis: countAxis(palette),
    series: [
      {
        type: 'bar',
        barCategoryGap: '18%',
        itemStyle: { color: palette.third, borderRadius: [3, 3, 0, 0] },
        emphasis: { disabled: true },
        data: sessions,
      },
    ],
  };
}

const measures = [
  { name: 'listener_count', title: 'Listeners', unit: 'users' },
  { name: 'plays', title: 'Plays', unit: 'plays' },
  { name: 'listened_hours', title: 'Hours', unit: 'h' },
  { name: 'sessions', title: 'Sessions', unit: 'sessions' },
];

/** Each measure as shares of its own whole, so that people and hours can stand side by side. */
export function freeAgainstPaid(data: ChartData, palette: Palette): EChartsOption {
  const levels = texts(data, 'level');
  const values = measures.map((measure) => numbers(data, measure.name));
  const wholes = values.map((pair) => pair.reduce<number>((sum, value) => sum + (value ?? 0), 0));
  const look: Record<string, { title: string; color: string; decal: object; ink: string }> = {
    paid: { title: 'Paid', color: palette.paid, decal: { symbol: 'none' }, ink: palette.card },
    free: { title: 'Free', color: palette.free, decal: fineDecal(palette), ink: palette.onFree },
  };
  return {
    ...shared(palette),
    grid: { left: 4, right: 12, top: 36, bottom: 4, containLabel: true },
    tooltip: axisTooltip(palette, (index) => [
      measures[index]!.title,
      ...levels.map((level, at) => {
        const value = values[index]![at] ?? 0;
        const part = wholes[index] ? ` (${share(value / wholes[index]!)})` : '';
        return `${look[level]!.title}  ${figure(value, measures[index]!.unit)}${part}`;
      }),
    ]),
    xAxis: { ...valueAxis(palette, (value) => `${value} %`), max: 100, interval: 25 },
    yAxis: {
      ...categoryAxis(
        palette,
        measures.map((measure) => measure.title),
      ),
      inverse: true,
    },
    series: ['paid', 'free'].map((level) => {
      const at = levels.indexOf(level);
      const { title, color, decal, ink } = look[level]!;
      return {
        name: title,
        type: 'bar',
        stack: 'share',
        barMaxWidth: 34,
        itemStyle: { color, decal },
        emphasis: { disabled: true },
        label: {
          show: true,
          color: ink,
          backgroundColor: color,
          padding: [1, 4],
          borderRadius: 3,
          formatter: ({ dataIndex, value }: { dataIndex: number; value: unknown }) =>
            (value as number) < 14
              ? ''
              : figure(values[dataIndex]![at] ?? 0, measures[dataIndex]!.unit),
        },
        data: values.map((pair, index) =>
          wholes[index] ? ((pair[at] ?? 0) / wholes[index]!) * 100 : 0,
        ),
      };
    }),
  } as EChartsOption;
}

export function statusCodes(data: ChartData, palette: Palette): EChartsOption {
  const statuses = numbers(data, 'status').map(String);
  const events = numbers(data, 'event_count');
  const shares = numbers(data, 'share_of_events');
  const meaning: Record<string, string> = { 200: 'OK', 307: 'Redirect', 404: 'Not found' };
  const color = (status: string) =>
    status >= '400' ? palette.bad : status >= '300' ? palette.free : palette.third;
  return {
    ...shared(palette),
    grid: { left: 4, right: 112, top: 8, bottom: 4, containLabel: true },
    tooltip: itemTooltip(palette, (index) => [
      `Status ${statuses[index]}`,
      `${integer(events[index] ?? 0)} events`,
      `${share(shares[index] ?? 0)} of all`,
    ]),
    xAxis: { ...countAxis(palette), show: false },
    yAxis: {
      ...categoryAxis(palette, statuses, (status) =>
        clip(`${status} ${meaning[status] ?? ''}`, 16),
      ),
      inverse: true,
      axisLabel: {
        color: palette.ink,
        formatter: (status: string) => `${status} ${meaning[status] ?? ''}`,
      },
    },
    series: [
      {
        type: 'bar',
        barMaxWidth: 34,
        barMinHeight: 3,
        emphasis: { disabled: true },
        label: {
          show: true,
          position: 'right',
          color: palette.ink,
          formatter: ({ dataIndex }) =>
            `${integer(events[dataIndex] ?? 0)}  (${share(shares[dataIndex] ?? 0)})`,
        },
        data: events.map((value, index) => ({
          value,
          itemStyle: { color: color(statuses[index]!), borderRadius: [0, 3, 3, 0] },
        })),
      },
    ],
  };
}
