import { expect, test } from 'bun:test';
import { createLogger } from './log-lines.ts';
import { Metrics, NO_READINGS } from './metrics.ts';
import { createObserver } from './observer.ts';

test('a close code that a peer made up makes no label of its own', async () => {
  const metrics = new Metrics(NO_READINGS);
  const observer = createObserver(
    createLogger({ level: 'info', format: 'json', write: () => undefined }),
    metrics,
  );
  for (const code of [1000, 1001, 1006, 1007, 1009, 4000, 4303])
    observer.connectionClosed({ code, transport: 'websocket' });
  for (let code = 3000; code < 3100; code += 1) observer.connectionClosed({ code, transport: 'websocket' });
  const { text } = await metrics.print();
  metrics.stop();
  const labels = [...text.matchAll(/^confab_connections_closed_total\{.*code="(.*?)".*\} (\d+)$/gm)];
  expect(labels.map(([, code, count]) => [code, Number(count)])).toEqual([
    ...[1000, 1001, 1006, 1007, 1009, 4000, 4303].map((code) => [String(code), 1]),
    ['other', 100],
  ]);
});

test('a store that is gone is told once in a while, with the reason and how many requests it refused', () => {
  const metrics = new Metrics(NO_READINGS);
  const lines: string[] = [];
  const logger = createLogger({ level: 'warn', format: 'json', write: (line) => void lines.push(line) });
  const observer = createObserver(logger, metrics);
  const cause = new Error('10.0.0.1:9042 does not answer');
  for (let count = 0; count < 100; count += 1)
    observer.requestRefused({ verb: 'sync', code: 'unavailable', cause });
  observer.requestRefused({ verb: 'sync', code: 'not_found', cause: undefined });
  metrics.stop();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('10.0.0.1:9042 does not answer');
});
