// SPDX-License-Identifier: Apache-2.0
// The colours of the style sheet, for the canvas, and what all charts share.
import { short } from '../format';
import type { EChartsOption } from './echarts';

export interface Palette {
  ink: string;
  muted: string;
  line: string;
  card: string;
  paid: string;
  free: string;
  onFree: string;
  third: string;
  soft: string;
  bad: string;
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue('--' + name).trim();
  return {
    ink: color('ink'),
    muted: color('muted'),
    line: color('line'),
    card: color('card'),
    paid: color('paid'),
    free: color('free'),
    onFree: color('on-free'),
    third: color('third'),
    soft: color('soft'),
    bad: color('bad'),
  };
}

export const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";

/** Hatching of what is not complete. */
export const incompleteDecal = (palette: Palette) => ({
  symbol: 'rect',
  color: palette.card,
  dashArrayX: [1, 0] as [number, number],
  dashArrayY: [3, 4] as [number, number],
  rotation: -Math.PI / 4,
});

/** A fine pattern, so that a series is not known by its colour alone. */
export const fineDecal = (palette: Palette) => ({
  symbol: 'rect',
  color: palette.card + '55',
  dashArrayX: [1, 0] as [number, number],
  dashArrayY: [1, 7] as [number, number],
  rotation: Math.PI / 4,
});

export function shared(palette: Palette): EChartsOption {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return {
    animation: !still,
    animationDuration: 350,
    animationDurationUpdate: 250,
    textStyle: { fontFamily: font, color: palette.ink, fontSize: 12 },
    // The card names the chart; of this only the patterns are wanted.
    aria: {
      enabled: true,
      label: { enabled: false },
      decal: { show: true, decals: [{ symbol: 'none' }] },
    },
    grid: { left: 4, right: 12, top: 36, bottom: 4, containLabel: true },
    legend: {
      top: 0,
      left: 0,
      padding: 0,
      icon: 'roundRect',
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 18,
      textStyle: { color: palette.ink, fontSize: 12 },
      inactiveColor: palette.line,
    },
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: palette.card,
      borderColor: palette.line,
      borderWidth: 1,
      padding: [8, 12],
      textStyle: { color: palette.ink, fontSize: 12, lineHeight: 18 },
    },
  };
}

export const valueAxis = (palette: Palette, format: (value: number) => string) => ({
  type: 'value' as const,
  min: 0,
  splitNumber: 4,
  axisLabel: { color: palette.muted, formatter: format },
  splitLine: { lineStyle: { color: palette.line } },
});

/** Of things that are counted: between 1 and 2 there is no label that would again be 1. */
export const countAxis = (palette: Palette) => ({ ...valueAxis(palette, short), minInterval: 1 });

export const categoryAxis = (
  palette: Palette,
  data: string[],
  format?: (value: string) => string,
) => ({
  type: 'category' as const,
  data,
  axisTick: { show: false },
  axisLine: { lineStyle: { color: palette.line } },
  axisLabel: { color: palette.muted, hideOverlap: true, ...(format ? { formatter: format } : {}) },
});
