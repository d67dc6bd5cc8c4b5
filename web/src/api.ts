// SPDX-License-Identifier: Apache-2.0
// The server's answers (docs/formats/api.md), and how to ask for them.
import type { DateRange } from './view';

export type Cell = number | string | null;

export interface Provenance {
  snapshot: number;
  as_of: string;
  built_at: string;
  available: DateRange | null;
  incomplete_day: string | null;
}

export interface Status extends Partial<Provenance> {
  now: string;
  state: 'ready' | 'empty';
  failure: string | null;
  pipeline: boolean; // a `run` is around the server
  simulated: boolean; // its events are by a simulated clock
}

export interface Pipeline {
  source: {
    simulated_now: string;
    speed: number;
    records: number;
    records_per_second: number;
    segments: number;
    lag_bytes: number;
  } | null;
  ingest: { commits: number; rows: number; quarantined: number; records_per_second: number };
  build: {
    building: boolean;
    builds: number;
    failed: number;
    last_seconds: number;
    last_dates: number;
    compactions: number;
  };
  charts: {
    snapshot: number;
    age_seconds: number | null;
    latency_p50_seconds: number | null;
    latency_p99_seconds: number | null;
    latency_max_seconds: number | null;
    latency_samples: number;
  };
}

export interface Tile {
  id: string;
  title: string;
  unit: string;
  definition: string;
  value: number | null;
  compared: number | null; // without the incomplete day, as `previous` is
  previous: number | null;
  by_day: (number | null)[];
}

export interface Summary extends Provenance {
  range: DateRange | null;
  compared_range: DateRange | null;
  previous_range: DateRange | null;
  tiles: Tile[];
}

export interface Column {
  name: string;
  title: string;
  unit: string;
}

export interface ChartData extends Provenance {
  id: string;
  title: string;
  unit: string;
  definition: string;
  table: string;
  range: DateRange | null;
  columns: Column[];
  rows: Cell[][];
}

/** The server answered with an error, or not at all; the message is for people. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const longestWait = 10_000; // of a server that accepts and never answers

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const timeout = AbortSignal.timeout(longestWait);
  let response: Response;
  try {
    response = await fetch(path, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new ApiError('The server does not answer.', 0);
  }
  if (!response.ok) {
    const body = (await response.json().catch(() => null)) as {
      error?: { message?: string };
    } | null;
    throw new ApiError(
      body?.error?.message ?? `The server answered ${response.status}.`,
      response.status,
    );
  }
  try {
    return (await response.json()) as T;
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new ApiError('The answer was cut off.', 0);
  }
}

const query = (range: DateRange) => `from=${range.from}&to=${range.to}`;

export const chartAddress = (id: string, range: DateRange) =>
  `/api/v1/charts/${id}?${query(range)}`;
export const csvAddress = (id: string, range: DateRange) => chartAddress(id, range) + '&format=csv';

export const fetchPipeline = () => get<Pipeline>('/api/v1/pipeline');
export const fetchStatus = () => get<Status>('/api/v1/status');
export const fetchSummary = (range: DateRange, signal: AbortSignal) =>
  get<Summary>('/api/v1/summary?' + query(range), signal);
export const fetchChart = (id: string, range: DateRange, signal: AbortSignal) =>
  get<ChartData>(chartAddress(id, range), signal);
