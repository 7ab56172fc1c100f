import type { ServerUnderTest } from './server-under-test.ts';

/** A number of `/metrics`, summed over all gateways and over all rows whose labels contain `labels`. */
export async function metricOf({ gatewayUrls }: ServerUnderTest, name: string, labels = ''): Promise<number> {
  let sum = 0;
  for (const url of gatewayUrls) {
    const answer = await fetch(`${url}/metrics`);
    if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
    for (const line of (await answer.text()).split('\n')) {
      const row = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line);
      if (row?.[1] === name && (row[2] ?? '').includes(labels)) sum += Number(row[3]);
    }
  }
  return sum;
}
