// SPDX-License-Identifier: Apache-2.0
// Columns of a chart's answer by name. Pure.
import type { ChartData } from '../api';

function indexOf(data: ChartData, name: string): number {
  const index = data.columns.findIndex((column) => column.name === name);
  if (index < 0) throw new Error(`chart ${data.id} has no column ${name}`);
  return index;
}

export function numbers(data: ChartData, name: string): (number | null)[] {
  const index = indexOf(data, name);
  return data.rows.map((row) => (typeof row[index] === 'number' ? row[index] : null));
}

export function texts(data: ChartData, name: string): string[] {
  const index = indexOf(data, name);
  return data.rows.map((row) => String(row[index] ?? ''));
}
