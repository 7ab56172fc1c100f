import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { sayMany } from '../sayings.ts';
import { patienceMs } from '../scale.ts';
import { Scene } from '../scene.ts';
import { isOnFleet } from '../topology.ts';
import { couple } from '../couple.ts';

setDefaultTimeout(patienceMs(90_000));

if (!isOnFleet)
  describe('a data folder that is wiped or restored', () => {
    test('[G4.2][P4.4] after the data folder was wiped, every cursor is answered with a reset and the device goes on', async () => {
      await using scene = await Scene.onOneMachine();
      const { anna, ben, talk, speaker, reader } = await couple(scene, 'wiped');
      await sayMany(speaker, talk.conversationId, 20);
      await reader.reach(talk.conversationId, 21);
      await scene.server.stop();
      await scene.server.wipeData();
      await scene.server.start();
      await reader.connect();
      await speaker.connect();
      expect(reader.copy(talk.conversationId).isOver).toBe(true);
      expect([...reader.summaries.keys()]).toEqual([]);
      const gone = reader.heard.findLast((frame) => frame['conversationId'] === talk.conversationId);
      expect(gone).toMatchObject({ type: 'sync_page', events: [], head: null, reset: true });
      const again = await scene.person(ben.subject);
      const next = await scene.group(await scene.person(anna.subject), [again]);
      await sayMany(speaker, next.conversationId, 3);
      await reader.reach(next.conversationId, 4);
    });

    test('[G4.2] after a direct conversation was made anew in a wiped folder, its old cursor is answered with a reset', async () => {
      await using scene = await Scene.onOneMachine();
      const anna = await scene.person('anna');
      const ben = await scene.person('ben');
      const reader = await scene.connected(ben, 'phone');
      const speaker = await scene.connected(anna, 'phone');
      const before = await scene.direct(anna, ben);
      await sayMany(speaker, before.conversationId, 5);
      await reader.reach(before.conversationId, 6);
      await reader.disconnect();
      await speaker.disconnect();
      await scene.server.stop();
      await scene.server.wipeData();
      await scene.server.start();
      scene.talks.length = 0;
      const after = await scene.direct(await scene.person('anna'), await scene.person('ben'));
      const newSpeaker = await scene.connected(anna, 'tablet');
      const head = await sayMany(newSpeaker, after.conversationId, 20);
      await reader.connect();
      expect(reader.copy(after.conversationId).lastSequence).toBe(head);
      const ids = reader.copy(after.conversationId).events.map(({ eventId }) => eventId);
      const log = await scene.log(after);
      expect(ids).toEqual(log.events.slice(-ids.length).map(({ eventId }) => eventId));
    });

    test('[G4.2] after an older copy of the folder was restored, a cursor that it does not know is answered with a reset', async () => {
      await using scene = await Scene.onOneMachine();
      const { talk, speaker, reader } = await couple(scene, 'restored');
      const copied = await sayMany(speaker, talk.conversationId, 20);
      await scene.server.stop();
      await scene.server.saveDataAs('copy');
      await scene.server.start();
      await Promise.all([speaker.connect(), reader.connect()]);
      const lost = await sayMany(speaker, talk.conversationId, 20);
      await reader.reach(talk.conversationId, lost);
      await scene.server.stop();
      await scene.server.restoreData('copy');
      await scene.server.start();

      // The reader's cursor is of the future: the copy ends below it.
      await reader.connect();
      expect([
        reader.copy(talk.conversationId).lastSequence,
        reader.copy(talk.conversationId).resets,
      ]).toEqual([copied, 1]);
      // The speaker's cursor names a place that now holds another event.
      const other = await scene.connected(talk.owner, 'tablet');
      const head = await sayMany(other, talk.conversationId, 40);
      await speaker.connect();
      expect([
        speaker.copy(talk.conversationId).lastSequence,
        speaker.copy(talk.conversationId).resets,
      ]).toEqual([head, 1]);
      await reader.reach(talk.conversationId, head);
      const log = await scene.log(talk);
      for (const device of [speaker, reader]) {
        const held = device.copy(talk.conversationId).events.map(({ eventId }) => eventId);
        expect(held).toEqual(log.events.slice(-held.length).map(({ eventId }) => eventId));
      }
    });
  });
