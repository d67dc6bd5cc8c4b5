// SPDX-License-Identifier: Apache-2.0
// Charts over days: listens as bars, active users as lines.
import type { ChartData } from '../api';
import { day, decimal, fullDay, integer } from '../format';
import type { EChartsOption } from './echarts';
import {
  categoryAxis,
  countAxis,
  fineDecal,
  incompleteDecal,
  shared,
  type Palette,
} from './palette';
import { numbers, texts } from './rows';

const dayTitle = (date: string, data: ChartData) =>
  fullDay(date) + (date === data.incomplete_day ? ' (incomplete)' : '');

export function dailyListens(data: ChartData, palette: Palette): EChartsOption {
  const dates = texts(data, 'event_date');
  const listeners = numbers(data, 'listeners');
  const means = numbers(data, 'mean_listens');
  const levels = [
    {
      name: 'Paid',
      color: palette.paid,
      values: numbers(data, 'paid_listens'),
      decal: { symbol: 'none' },
    },
    {
      name: 'Free',
      color: palette.free,
      values: numbers(data, 'free_listens'),
      decal: fineDecal(palette),
    },
  ];
  const bars = levels.map(({ name, color, values, decal }) => ({
    name,
    type: 'bar' as const,
    stack: 'listens',
    barMaxWidth: 56,
    barCategoryGap: '22%',
    itemStyle: { color, decal },
    emphasis: { disabled: true },
    data: values.map((value, index) =>
      dates[index] === data.incomplete_day
        ? { value, itemStyle: { color, opacity: 0.75, decal: incompleteDecal(palette) } }
        : { value },
    ),
  }));
  return {
    ...shared(palette),
    tooltip: {
      ...(shared(palette).tooltip as object),
      trigger: 'axis',
      axisPointer: { type: 'shadow', z: 0, shadowStyle: { color: palette.soft, opacity: 0.5 } },
      formatter: (parameters: unknown) => {
        const index = (parameters as { dataIndex: number }[])[0]!.dataIndex;
        return [
          dayTitle(dates[index]!, data),
          `Paid  ${integer(levels[0]!.values[index] ?? 0)}`,
          `Free  ${integer(levels[1]!.values[index] ?? 0)}`,
          `Listeners  ${integer(listeners[index] ?? 0)}`,
          `Listens per listener  ${means[index] === null ? '–' : decimal(means[index]!)}`,
        ].join('\n');
      },
    },
    xAxis: categoryAxis(palette, dates, day),
    yAxis: countAxis(palette),
    series: bars,
  };
}

export function activeUsers(data: ChartData, palette: Palette): EChartsOption {
  const dates = texts(data, 'event_date');
  const lines = [
    {
      name: '30 days',
      values: numbers(data, 'mau'),
      color: palette.third,
      type: 'dotted' as const,
    },
    { name: '7 days', values: numbers(data, 'wau'), color: palette.free, type: 'dashed' as const },
    { name: 'Day', values: numbers(data, 'dau'), color: palette.paid, type: 'solid' as const },
  ];
  const isOpenEnded = dates.at(-1) === data.incomplete_day && dates.length > 1;
  const last = dates.length - 1;
  const series = lines.flatMap(({ name, values, color, type }) => [
    {
      name,
      type: 'line' as const,
      color,
      showSymbol: dates.length < 2,
      symbol: 'circle',
      lineStyle: { color, width: 2, type },
      emphasis: { disabled: true },
      data: isOpenEnded ? values.map((value, index) => (index === last ? null : value)) : values,
    },
    ...(isOpenEnded
      ? [
          {
            name: `${name} (incomplete)`,
            type: 'line' as const,
            color,
            symbol: 'emptyCircle',
            symbolSize: 6,
            showSymbol: true,
            lineStyle: { color, width: 2, type: 'dotted' as const, opacity: 0.6 },
            emphasis: { disabled: true },
            data: values.map((value, index) =>
              index < last - 1 ? null : index === last ? value : { value, symbol: 'none' },
            ),
          },
        ]
      : []),
  ]);
  return {
    ...shared(palette),
    legend: {
      ...(shared(palette).legend as object),
      top: 4,
      icon: undefined,
      itemWidth: 24,
      data: lines.map((line) => line.name),
    },
    tooltip: {
      ...(shared(palette).tooltip as object),
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: palette.muted } },
      formatter: (parameters: unknown) => {
        const index = (parameters as { dataIndex: number }[])[0]!.dataIndex;
        return [
          dayTitle(dates[index]!, data),
          ...[...lines]
            .reverse()
            .map(({ name, values }) => `${name}  ${integer(values[index] ?? 0)}`),
        ].join('\n');
      },
    },
    xAxis: { ...categoryAxis(palette, dates, day), boundaryGap: false },
    yAxis: countAxis(palette),
    series,
  } as EChartsOption;
}
