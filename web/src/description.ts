// SPDX-License-Identifier: Apache-2.0
// A chart in words, for those who do not see it: title, days, one figure. The table has the rest. Pure.
import type { ChartData } from './api';
import { clip, day, duration, fullDay, integer } from './format';
import { numbers, texts } from './plots/rows';

const sum = (values: (number | null)[]) =>
  values.reduce<number>((whole, value) => whole + (value ?? 0), 0);

function greatest(values: (number | null)[]): number {
  return values.reduce<number>(
    (best, value, index) => ((value ?? -1) > (values[best] ?? -1) ? index : best),
    0,
  );
}

const figures: Record<string, (data: ChartData) => string> = {
  daily_user_listen_counts: (data) => `${integer(sum(numbers(data, 'listen_count')))} listens`,
  top_songs: (data) =>
    `${clip(texts(data, 'song')[0]!, 60)} by ${clip(texts(data, 'artist')[0]!, 60)} leads with ${integer(numbers(data, 'play_count')[0] ?? 0)} plays`,
  weekday_listening: (data) => {
    const means = numbers(data, 'mean_listening_time');
    const most = greatest(means);
    return `longest on ${texts(data, 'weekday')[most]}, ${duration(means[most] ?? 0)}`;
  },
  daily_active_users: (data) => {
    const users = numbers(data, 'dau');
    const most = greatest(users);
    return `most on ${day(texts(data, 'event_date')[most]!)}, ${integer(users[most] ?? 0)} in a day`;
  },
  session_lengths: (data) => `${integer(sum(numbers(data, 'session_count')))} sessions`,
  free_vs_paid: (data) => {
    const plays = numbers(data, 'plays');
    return texts(data, 'level')
      .map((level, index) => `${integer(plays[index] ?? 0)} plays ${level}`)
      .join(', ');
  },
  status_codes: (data) => `${integer(sum(numbers(data, 'event_count')))} events`,
};

export function description(data: ChartData): string {
  const days =
    data.range === null ? '' : `, ${fullDay(data.range.from)} to ${fullDay(data.range.to)}`;
  const figure = figures[data.id];
  return `${data.title}${days}${figure === undefined ? '' : `: ${figure(data)}`}`;
}
