import type { Quantity } from './arithmetic.ts';

/** One number that whoever plans may choose: a flag of `confab plan`. */
interface Choice extends Quantity {
  /** What holds where it is not given. */
  readonly value: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly description: string;
}

/** Every choice there is. The table makes the parsing, `--help` and the documentation. */
export const choices = {
  connections: whole('connections', 100_000, [1, 1e10], 'connections', 'Devices connected at one time.'),
  messages: any('messages', 1_000, [0.01, 1e9], 'messages/s', 'Messages sent, at the peak.'),
  meanShare: any(
    'mean-share',
    1,
    [0.01, 1],
    '',
    'The mean of the day as a share of that peak; disks hold the mean.',
  ),
  body: whole('body', 200, [1, 65_536], 'bytes', 'The text of a message.'),
  deliveries: any(
    'deliveries-per-message',
    5,
    [0, 100_000],
    'deliveries per message',
    'Connections that get it at once.',
  ),
  groupShare: any('group-share', 0.3, [0, 1], '', 'Messages that go to a group; the others go to one user.'),
  groupMembers: whole('group-members', 15, [2, 100], 'members', 'Of such a group, whether online or not.'),
  hotShare: any(
    'hot-share',
    0,
    [0, 1],
    '',
    'Messages of conversations so busy that eight wait for each commit.',
  ),
  coldShare: any(
    'cold-share',
    0.5,
    [0, 1],
    '',
    'Messages to conversations that their node does not hold open.',
  ),
  longShare: any('long-share', 0.5, [0, 1], '', 'Messages of conversations longer than a bucket of 1,000.'),
  receipts: any('receipts-per-delivery', 1, [0, 4], 'receipts per delivery', 'Receipts for each delivery.'),
  readShare: any('read-share', 0.5, [0, 1], '', 'Of these, those that say read and not only delivered.'),
  pushShare: any('push-share', 0.2, [0, 1], '', 'Members of a message who are away and would get a push.'),
  conversations: whole('conversations', 20, [0, 5_000], 'conversations', 'In the list of a user.'),
  newsShare: any('news-share', 0.25, [0, 1], '', 'Of these, those with news when a device comes back.'),
  connects: any(
    'connects-per-hour',
    1,
    [0, 3_600],
    'connects/h',
    'How often a device connects in quiet times.',
  ),
  reconnectMinutes: any(
    'reconnect-minutes',
    2,
    [0.1, 120],
    'min',
    'The time over which devices come back after a loss.',
  ),
  zones: whole('zones', 3, [2, 100], 'zones', 'Zones of equal size, of which one may be lost.'),
  replicas: whole('replicas', 3, [1, 9], 'replicas', 'Copies of everything in Cassandra.'),
  retentionDays: whole('retention-days', 365, [1, 36_500], 'days', 'How long history is kept.'),
  headroom: any('headroom', 0.5, [0.05, 0.95], '', 'The share of a core that is used at the peak.'),
  stormShare: any('storm-share', 0.9, [0.05, 0.99], '', 'The same while a lost zone comes back.'),
  gatewayMemory: any(
    'gateway-memory',
    4,
    [1, 1_024],
    'GiB',
    'Memory for one gateway process and its sockets.',
  ),
  sockets: whole(
    'sockets',
    50_000,
    [100, 1e6],
    'connections',
    'Bound of one gateway process: its file descriptors.',
  ),
  cassandraCores: whole('cassandra-cores', 16, [1, 512], 'cores', 'Of one node of Cassandra.'),
  cassandraDisk: any('cassandra-disk', 4, [0.01, 1_000], 'TB', 'Of one node of Cassandra.'),
  diskShare: any(
    'disk-share',
    0.5,
    [0.1, 0.9],
    '',
    'The share of it that data may fill: compaction needs the rest.',
  ),
} as const satisfies Record<string, Choice>;

/** What is planned for: one quantity for each choice. */
export type Workload = { readonly [K in keyof typeof choices]: Quantity };

type Range = readonly [minimum: number, maximum: number];

interface NumberChoice extends Choice {
  readonly isWhole: boolean;
}

function whole(...[name, value, [minimum, maximum], unit, description]: ChoiceWords): NumberChoice {
  return { name, value, minimum, maximum, unit, description, isWhole: true };
}

function any(...[name, value, [minimum, maximum], unit, description]: ChoiceWords): NumberChoice {
  return { name, value, minimum, maximum, unit, description, isWhole: false };
}

type ChoiceWords = readonly [name: string, value: number, range: Range, unit: string, description: string];
