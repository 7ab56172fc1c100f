/** Times and bounds of a node in the cluster. Tests shorten them; the server runs with the defaults. */
export interface ClusterSettings {
  /** How often everything that is due is looked at. */
  readonly tickMs: number;
  /** A node that was silent for this long is dead to the others. */
  readonly leaseMs: number;
  readonly renewEveryMs: number;
  /** How often the leases are read; news of a change comes sooner, this is for news that got lost. */
  readonly pollEveryMs: number;
  /** An answer of Redis that takes longer is none. */
  readonly commandMsMax: number;
  /** How often a frame goes to Redis and back to this node, to know that the whole way is open. */
  readonly echoEveryMs: number;
  /** Without an echo for so long, Redis counts as away. */
  readonly echoMsMax: number;
  /** Without an echo for so long, the connections are made anew: they may be half open. */
  readonly reconnectAfterMs: number;
  /** Commands that go to Redis in one write. */
  readonly commandsPerWrite: number;
  /** Rows written at once when all are written again, and the pause between two such chunks. */
  readonly rowsPerChunk: number;
  readonly chunkPauseMs: number;
  /** Nodes begin to write their rows again at moments spread over this time. */
  readonly rebuildSpreadMs: number;
  /** A row that nobody refreshes is forgotten; this bounds what a dead node leaves behind. */
  readonly rowSeconds: number;
  readonly refreshEveryMs: number;
  /** How often it is told that Redis may evict keys. */
  readonly evictionFaultEveryMs: number;
  /** Releases kept while Redis is away. Beyond it the node takes a new run instead, which outdates all its rows. */
  readonly unreleasedMax: number;
  /** How often a link in use tells how far it is, how long it counts as in use, and how often it tells it else. */
  readonly beatEveryMs: number;
  readonly inUseMs: number;
  readonly idleBeatEveryMs: number;
  /** A link that is silent for so much longer than it said may have lost something. */
  readonly silenceMs: number;
  /** A link that is silent for so long is no more. */
  readonly forgetLinkMs: number;
  /** A node that fell silent is told as a loss until it is back, or for so long: one that died stays away. */
  readonly lostNodeMs: number;
  /** A missing frame is asked for again this often, and given up after this time. */
  readonly askAgainMs: number;
  readonly repairMsMax: number;
  /** Envelopes of one turn go as one frame of up to so many characters. */
  readonly frameCharsMax: number;
  /** What a link keeps of what it sent, to send it again: frames, characters, and for how long. */
  readonly keptFramesMax: number;
  readonly keptCharsMax: number;
  readonly keptMsMax: number;
  /** What a link holds back behind a hole; beyond it the hole is given up. */
  readonly heldFramesMax: number;
  readonly heldCharsMax: number;
  /** What may be on its way to Redis; what is beyond is only kept, and sent when a receiver misses it. */
  readonly inFlightCharsMax: number;
  /** Requests that wait for an answer, and how long. */
  readonly requestsMax: number;
  readonly requestMsMax: number;
  /** A loss that lasts is told this often. */
  readonly lossEveryMs: number;
}

export const defaultSettings: ClusterSettings = {
  tickMs: 100,
  leaseMs: 10_000,
  renewEveryMs: 3_000,
  pollEveryMs: 1_000,
  commandMsMax: 1_000,
  echoEveryMs: 200,
  echoMsMax: 900,
  reconnectAfterMs: 3_000,
  commandsPerWrite: 2_000,
  rowsPerChunk: 500,
  chunkPauseMs: 20,
  rebuildSpreadMs: 500,
  rowSeconds: 86_400,
  refreshEveryMs: 6 * 3_600_000,
  evictionFaultEveryMs: 300_000,
  unreleasedMax: 10_000,
  beatEveryMs: 400,
  inUseMs: 2_000,
  idleBeatEveryMs: 3_000,
  silenceMs: 800,
  forgetLinkMs: 30_000,
  lostNodeMs: 120_000,
  askAgainMs: 150,
  repairMsMax: 900,
  frameCharsMax: 262_144,
  keptFramesMax: 4_096,
  keptCharsMax: 4_194_304,
  keptMsMax: 10_000,
  heldFramesMax: 4_096,
  heldCharsMax: 8_388_608,
  inFlightCharsMax: 8_388_608,
  requestsMax: 10_000,
  requestMsMax: 30_000,
  lossEveryMs: 1_000,
};
