import type { Figure, LatencySummary } from './row.ts';

/** The scalars of a latency: `ack p50`, `ack p99`..., in milliseconds. */
export function figuresOf({ name, p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: LatencySummary): readonly Figure[] {
  return [
    { name: `${name} p50`, value: p50Ms, unit: 'ms' },
    { name: `${name} p90`, value: p90Ms, unit: 'ms' },
    { name: `${name} p99`, value: p99Ms, unit: 'ms' },
    { name: `${name} p99.9`, value: p999Ms, unit: 'ms' },
    { name: `${name} max`, value: maxMs, unit: 'ms' },
  ];
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
