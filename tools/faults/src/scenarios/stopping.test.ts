import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { within } from '../deadline.ts';
import { patienceMs } from '../scale.ts';
import { sayMany } from '../sayings.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(60_000));

if (!isOnFleet)
  describe('one server that is told to stop, or stands in the way of another', () => {
    test('[P3.6][G1.2] SIGTERM under load says drain, closes with 4000, ends within 2 s, and loses nothing', async () => {
      await using scene = await Scene.onOneMachine();
      const anna = await scene.person('anna');
      const ben = await scene.person('ben');
      const phone = await scene.connected(anna, 'phone');
      const reader = await scene.connected(ben, 'phone');
      const talk = await scene.group(anna, [ben]);
      await reader.reach(talk.conversationId, 1);
      const { connection } = reader;
      const said = sayMany(phone, talk.conversationId, 5000, 32);
      await phone.reach(talk.conversationId, 500);
      scene.server.signal('SIGTERM');
      const exit = await scene.server.ended(2000);
      expect([exit.code, exit.signal]).toEqual([0, null]);
      expect(reader.heard.find(({ type }) => type === 'drain')).toMatchObject({
        afterMs: expect.any(Number),
      });
      expect((await within(1000, 'the close', connection.closed)).code).toBe(4000);
      await scene.server.start();
      await Promise.all([phone.connect(), reader.connect()]);
      await reader.reach(talk.conversationId, await said);
      expect(await scene.breaches()).toEqual([]);
    });

    test('[P3.6] SIGTERM with nobody there ends at once, also twice', async () => {
      await using scene = await Scene.onOneMachine();
      scene.server.signal('SIGTERM');
      scene.server.signal('SIGTERM');
      await scene.server.ended(2000);
      await scene.server.start();
      scene.server.signal('SIGINT');
      expect((await scene.server.ended(2000)).code).toBe(0);
    });

    test('[G2.3] a second server on the same folder is refused and says why; the first goes on', async () => {
      await using scene = await Scene.onOneMachine();
      const anna = await scene.person('anna');
      const phone = await scene.connected(anna, 'phone');
      const talk = await scene.group(anna, []);
      const second = await scene.server.startAnother({ CONFAB_PORT: '0' });
      expect(second.code).toBeGreaterThan(0);
      expect(second.output).toContain(scene.server.dataDir);
      expect(second.output).not.toMatch(/\n\s+at /);
      await sayMany(phone, talk.conversationId, 5);
      expect(await scene.breaches()).toEqual([]);
    });

    test('[G2.3] a server whose port is taken ends, says so, and leaves its folder usable', async () => {
      await using scene = await Scene.onOneMachine();
      const other = `${scene.server.dataDir}-other`;
      const second = await scene.server.startAnother({ CONFAB_DATA_DIR: other });
      expect(second.code).toBeGreaterThan(0);
      expect(second.output).toContain(String(scene.server.port));
      expect(second.output).not.toMatch(/\n\s+at /);
    });

    test('[G1.2][G2.3] a server that stood still (SIGSTOP) goes on where it was', async () => {
      await using scene = await Scene.onOneMachine();
      const anna = await scene.person('anna');
      const phone = await scene.connected(anna, 'phone');
      const talk = await scene.group(anna, []);
      await sayMany(phone, talk.conversationId, 5);
      scene.server.signal('SIGSTOP');
      const said = sayMany(phone, talk.conversationId, 50, 10);
      const second = await scene.server.startAnother({ CONFAB_PORT: '0' });
      expect(second.code).toBeGreaterThan(0);
      scene.server.signal('SIGCONT');
      await phone.reach(talk.conversationId, await said);
      expect(await scene.breaches()).toEqual([]);
    });
  });
