import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededRandom } from '@confab/testkit';
import { lies, recordBusyServer, recordRecovery } from '../power-loss/power-loss.ts';
import { type BrokenCut, checkCuts, chooseCuts } from '../power-loss/power-cuts.ts';
import { readRecord, type Record } from '../power-loss/record.ts';
import { canTrace } from '../power-loss/recorded-server.ts';
import { type Place, placeInScenario, record as note } from '../report/scenario-record.ts';
import { patienceMs, scaled } from '../scale.ts';
import { isOnFleet } from '../topology.ts';

setDefaultTimeout(patienceMs(300_000));

/** Of the run of a busy server; and of each start after a power loss. */
const CUTS = Math.max(440, scaled(440));
const RECOVERIES = Math.max(3, scaled(3, 20));
const CUTS_IN_RECOVERY = 20;
/** Of a server that does not keep its word: far more than it takes to find one that shows it. */
const CUTS_TO_CATCH_A_LIE = 100;

const RULES = ['G1.2', 'G2.1', 'G3.1', 'G6.3', 'LOG1', 'LOG4', 'LOG5', 'P1.5', 'P5.2', 'VIEW4', 'WORK1'];

/** Names the folder of a record that was kept, to look at its cuts again. */
const keptRecord = process.env['CONFAB_FAULTS_RECORD'] || null;
const seed = Number(process.env['CONFAB_FAULTS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

if (!isOnFleet)
  describe.skipIf(!canTrace())('power loss on one machine (needs strace: apt-get install strace)', () => {
    let folder = '';
    let record: Record;
    let isKept = keptRecord !== null;

    beforeAll(async () => {
      folder = keptRecord ?? (await mkdtemp(join(tmpdir(), 'confab-power-loss-')));
      record = keptRecord === null ? await recordBusyServer(folder) : await readRecord(folder);
    });
    afterAll(async () => {
      if (!isKept) await rm(folder, { recursive: true, force: true });
    });

    /** Fails with all that it takes to see the same again. */
    function expectWhole(
      broken: readonly BrokenCut[],
      { cuts, place }: { cuts: number; place: Place | undefined },
    ): void {
      const breaches = broken.flatMap((cut) => cut.breaches).map((breach) => ({ ...breach, around: null }));
      const counts = {
        powerCuts: cuts,
        eventsTold: record.events.length,
        diskOperations: record.operations.length,
      };
      note(place, { isAsked: true, rulesChecked: RULES, counts, measured: {}, breaches });
      if (broken.length > 0) {
        isKept = true;
        console.error(`to see it again: CONFAB_FAULTS_RECORD=${folder} CONFAB_FAULTS_SEED=${seed}`);
      }
      expect(broken.slice(0, 5)).toEqual([]);
    }

    test(`[G1.1][G1.2][G2.1][G3.1][LOG1][LOG5][WORK1] the power goes at ${CUTS} moments of a busy server: what anybody was told is there, once, and the store goes on`, async () => {
      const place = placeInScenario();
      const checkpoints = record.operations.filter(
        (operation) => operation.kind === 'sync_ends' && operation.file === 'confab.sqlite',
      );
      expect(checkpoints.length).toBeGreaterThan(3);
      expect(record.events.length).toBeGreaterThan(500);
      const cuts = chooseCuts(record, CUTS, new SeededRandom(seed));
      expectWhole(await checkCuts(record, cuts), { cuts: CUTS, place });
    });

    test(`[G1.2][LOG1] the power goes again while a server recovers from a power loss, ${RECOVERIES} times at ${CUTS_IN_RECOVERY} moments`, async () => {
      const place = placeInScenario();
      const random = new SeededRandom(seed + 1);
      const broken: BrokenCut[] = [];
      for (const [at, cut] of chooseCuts(record, RECOVERIES, random).entries()) {
        const recoveryFolder = join(folder, `recovery-${at}`);
        const isRead = keptRecord !== null && existsSync(recoveryFolder);
        const recovery = await (isRead
          ? readRecord(recoveryFolder)
          : recordRecovery(recoveryFolder, record, cut));
        broken.push(...(await checkCuts(recovery, chooseCuts(recovery, CUTS_IN_RECOVERY, random))));
      }
      expectWhole(broken, { cuts: RECOVERIES * CUTS_IN_RECOVERY, place });
    });

    test.each(Object.entries(lies))('[G1.1] a server that %s would be found out', async (_, lie) => {
      const untrue = lie(record);
      const cuts = chooseCuts(untrue, CUTS_TO_CATCH_A_LIE, new SeededRandom(seed + 2));
      const [broken] = await checkCuts(untrue, cuts, 1);
      expect(broken?.breaches).toBeDefined();
    });
  });
