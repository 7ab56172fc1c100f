import { expect, test } from 'bun:test';
import { Client } from 'cassandra-driver';
import { type ControlConnection, controlConnectionOf, refreshOneAtATime } from './control-connection.ts';

/** The driver's own control connection, with a cluster that answers each question a turn later. */
function controlConnection(answered: () => void): ControlConnection {
  const client = new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'datacenter1' });
  const control = controlConnectionOf(client);
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const balancing = {
    newQueryPlan: (_keyspace: unknown, _query: unknown, done: (error: null, hosts: unknown) => void) =>
      done(null, [].values()),
  };
  return Object.assign(control, {
    _profileManager: { getDefaultLoadBalancing: () => balancing },
    async _refreshControlConnection(this: object) {
      await turn();
      Object.assign(this, { connection: { endpoint: 'one', endpointFriendlyName: 'one' }, host: {} });
    },
    async _refreshHosts() {
      await turn();
      answered();
    },
    _registerToConnectionEvents: () => Promise.resolve(),
    _setHealthListeners: () => undefined,
  });
}

test('the driver does not get over a second refresh during one', async () => {
  const others: Promise<void>[] = [];
  const control = controlConnection(() => {
    if (others.length === 0) others.push(control._refresh());
  });
  const error: unknown = await control._refresh().then(
    () => null,
    (reason: unknown) => reason,
  );
  await Promise.all(others);
  expect(error).toBeInstanceOf(TypeError);
});

test('they go one after the other, and what is asked for meanwhile is done once more', async () => {
  let answers = 0;
  const control = controlConnection(() => {
    answers += 1;
    if (answers === 1) void Promise.all([control._refresh(), control._refresh()]);
  });
  refreshOneAtATime(control);
  await control._refresh();
  expect(answers).toBe(2);
  await control._refresh();
  expect(answers).toBe(3);
});
