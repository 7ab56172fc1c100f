/** How the network between devices and nodes is at the moment. Chances are of one request or connection, from 0 to 1. */
export interface NetWeather {
  /** How long anything travels, one way. */
  readonly latencyMs: { readonly from: number; readonly to: number };
  /** A connection is not let through. */
  readonly refused: number;
  /** A request is lost on its way. */
  readonly requestLost: number;
  /** A request was carried out, and its answer is lost. */
  readonly answerLost: number;
  /** A request arrives twice: something in between repeats it. */
  readonly requestDoubled: number;
  /** What a node may have written to a device that it has not read. */
  readonly windowBytes: number;
}

/** Quick, and nothing is lost. */
export const CALM_NET: NetWeather = {
  latencyMs: { from: 1, to: 20 },
  refused: 0,
  requestLost: 0,
  answerLost: 0,
  requestDoubled: 0,
  windowBytes: 64 * 1024,
};
