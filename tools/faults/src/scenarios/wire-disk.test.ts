import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '../connection.ts';
import { Bell } from '../deadline.ts';
import { HttpClient, makeUser } from '../http-client.ts';
import { tokenFor } from '../jwt.ts';
import { patienceMs } from '../scale.ts';
import { canMount } from '../small-disk.ts';
import { isOnFleet } from '../topology.ts';
import type { Frame } from '../wire.ts';
import { WrappedServer } from '../wrapped-server.ts';

setDefaultTimeout(patienceMs(90_000));

/** A user of a wrapped server with one live connection, and a group of nobody else. */
async function alone({ baseUrl }: WrappedServer) {
  await makeUser(baseUrl, 'anna');
  const token = tokenFor('anna');
  const http = new HttpClient(
    () => baseUrl,
    () => token,
  );
  const { conversationId } = await http.createGroup([]);
  const frames: Frame[] = [];
  const bell = new Bell();
  const onFrame = (frame: Frame): void => {
    frames.push(frame);
    bell.ring();
  };
  const connection = new Connection({ baseUrl, headers: {}, onFrame });
  await connection.opened();
  const names = { deviceId: 'anna-phone', instanceId: 'one', client: 'confab-disk/1' };
  connection.send({ type: 'authenticate', token, ...names });
  await bell.until(() => frames.some(({ type }) => type === 'caught_up'), 'caught_up');
  return { http, connection, conversationId, frames, bell };
}

if (!isOnFleet)
  describe('what one server does with its disk', () => {
    test.skipIf(!canTrace())(
      '[G1.1] what is written of a message is synced before its message_accepted and before its event leave the server (needs strace: apt-get install strace)',
      async () => {
        const calls = 'trace=pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync';
        await using server = await WrappedServer.start((folder, command) => {
          const strace = ['strace', '-D', '-f', '-y', '-s', '100000', '-e', calls];
          return [...strace, '-o', join(folder, 'trace'), ...command];
        });
        const { connection, conversationId, frames, bell } = await alone(server);
        const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
        for (const clientMessageId of ids) {
          const said = { type: 'send_message', conversationId, clientMessageId, body: 'durable' };
          const { messageId } = await connection.ask(said);
          await bell.until(() => frames.some((frame) => frame['eventId'] === messageId), 'the event');
        }
        connection.close();
        await server.stop();
        const lines = readFileSync(join(server.folder, 'trace'), 'utf8').split('\n');
        for (const id of ids) {
          const places = lines.flatMap((line, at) => (line.includes(id) ? [at] : []));
          const isOfDisk = (at: number): boolean => /pwrite64\(\d+<[^>]*-wal>/.test(lines[at] ?? '');
          const told = places.filter((at) => /\b(?:write|writev|sendto|sendmsg)\(/.test(lines[at] ?? ''));
          const written = places.filter(isOfDisk);
          const first = Math.min(...told);
          const lastWrite = Math.max(...written.filter((at) => at < first));
          expect([told.length > 0, lastWrite > 0]).toEqual([true, true]);
          const synced = lines.findIndex(
            (line, at) => at > lastWrite && /f(?:data)?sync\(\d+<[^>]*-wal>/.test(line),
          );
          expect(synced).toBeGreaterThan(lastWrite);
          expect(endOf(lines, synced)).toBeLessThan(first);
          expect(told.some((at) => lines[at]?.includes('message_accepted'))).toBe(true);
        }
      },
    );

    test.skipIf(!canMount())(
      '[G1.3] on a full disk a send is refused with unavailable and nothing of it is in the log, which can still be read (needs unshare with mounts)',
      async () => {
        await using server = await WrappedServer.start((folder, command) => {
          const mount = 'mkdir "$1/data" && mount -t tmpfs -o size=8m none "$1/data" && shift && exec "$@"';
          return ['unshare', '--map-root-user', '--mount', 'sh', '-c', mount, 'sh', folder, ...command];
        });
        const { http, connection, conversationId } = await alone(server);
        const accepted: Frame[] = [];
        const refused: Frame[] = [];
        for (let said = 0; said < 2000 && refused.length < 5; said += 1) {
          const clientMessageId = crypto.randomUUID();
          const frame = {
            type: 'send_message',
            conversationId,
            clientMessageId,
            body: `${said} ${'x'.repeat(30_000)}`,
          };
          const answer = await connection.ask(frame);
          if (answer.type === 'message_accepted') accepted.push(answer);
          else {
            refused.push(answer);
            // Else the next would be refused for standing behind this one.
            await connection.ask({ type: 'abandon_send', conversationId, clientMessageId });
          }
        }
        expect(refused.length).toBe(5);
        for (const answer of refused)
          expect(answer).toMatchObject({ type: 'error', code: 'unavailable', retry: 'later' });
        expect(accepted.length).toBeGreaterThan(20);
        const path = `/v1/conversations/${conversationId}/messages`;
        const body = { clientMessageId: crypto.randomUUID(), body: 'x'.repeat(30_000) };
        const overHttp = await http.call({ method: 'POST', path, body });
        expect([overHttp.status, overHttp.json['code']]).toEqual([503, 'unavailable']);
        const log = await http.readLog(conversationId);
        expect(log.slice(1).map(({ eventId }) => eventId)).toEqual(
          accepted.map((one) => String(one['messageId'])),
        );
        connection.close();
        await connection.closed;
      },
    );
  });

/** Where a system call returned: on its own line, or further on where another thread's came between. */
function endOf(lines: readonly string[], at: number): number {
  const line = lines[at] ?? '';
  if (!line.endsWith('<unfinished ...>')) return at;
  const thread = line.split(' ')[0] ?? '';
  return lines.findIndex(
    (other, place) => place > at && other.startsWith(`${thread} `) && other.includes('sync resumed>'),
  );
}

function canTrace(): boolean {
  return (
    Bun.which('strace') !== null && Bun.spawnSync(['strace', '-D', '-o', '/dev/null', 'true']).exitCode === 0
  );
}
