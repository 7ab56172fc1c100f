import { nodeBusSuite, nodeDirectorySuite, sessionRegistrySuite } from '@confab/contracts/conformance';
import { afterAll, beforeAll, describe } from 'bun:test';
import { RedisClusterFixture } from './testing/redis-cluster-fixture.ts';
import { hasRedis, RedisServer } from './testing/redis-server.ts';

describe.skipIf(!hasRedis)('the cluster over Redis (needs Redis: apt-get install redis-server)', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  const open = async (): Promise<RedisClusterFixture> => new RedisClusterFixture(server);
  nodeDirectorySuite('cluster-redis', open);
  sessionRegistrySuite('cluster-redis', open);
  nodeBusSuite('cluster-redis', open);
});
