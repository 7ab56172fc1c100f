/**
 * How the way between nodes and Redis is at the moment. Chances are of one text that is published, from 0 to 1. They hold
 * for what nodes tell each other; the text by which a node sees that its way is open comes and goes with the connection.
 */
export interface RedisWeather {
  /** How long each way takes, from the seed: of a command, of its answer, of a text to a subscriber. */
  readonly latencyMs: { readonly from: number; readonly to: number };
  /** A text does not arrive, and nobody is told. */
  readonly lost: number;
  /** The last frame of a burst does not arrive: nothing that follows soon would show it. */
  readonly lastLost: number;
  /** A text arrives twice. */
  readonly doubled: number;
  /** A text is held back for up to `heldBackMs`, so that others overtake it. */
  readonly heldBack: number;
  readonly heldBackMs: number;
}

/** What is sent arrives at once, once, in order. */
export const CALM_REDIS: RedisWeather = {
  latencyMs: { from: 0, to: 0 },
  lost: 0,
  lastLost: 0,
  doubled: 0,
  heldBack: 0,
  heldBackMs: 200,
};
