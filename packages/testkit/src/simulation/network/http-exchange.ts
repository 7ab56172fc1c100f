import type { DrivenClock } from '../../driven-clock.ts';
import type { SeededRandom } from '../../seeded-random.ts';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';
import type { Door } from './door.ts';
import { Pipe } from './pipe.ts';
import type { CutKnownTo } from './simulated-socket.ts';

/** What becomes of a request on its way. */
export type ExchangeFate = 'answered' | 'request_lost' | 'answer_lost' | 'doubled';

export interface ExchangeOptions {
  readonly clock: DrivenClock;
  readonly random: SeededRandom;
  readonly latencyMs: () => number;
  readonly device: SimulatedRun;
  readonly address: string;
  readonly door: Door;
  readonly fate: ExchangeFate;
  readonly request: () => Request;
  readonly signal: AbortSignal | null;
  /** Told of every answer that reaches the device, in whole or in part, before the device is. */
  readonly heard: (text: string) => void;
  readonly ended: () => void;
}

const UNACKNOWLEDGED_MS = 20_000;

/** One HTTP request and its answer, which may be a stream. */
export class HttpExchange {
  /** Settles as `fetch` does; stays as it is where nobody ever says anything. */
  readonly response: Promise<Response>;
  readonly #options: ExchangeOptions;
  readonly #settled = Promise.withResolvers<Response>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #stream: Pipe<Uint8Array | null>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isOver = false;
  #isLeaving = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.response = this.#settled.promise;
    const { clock, random, latencyMs, device, signal } = options;
    this.#stream = new Pipe({
      clock,
      random,
      latencyMs,
      deliver: (chunk) => device.reach(() => this.#takeChunk(chunk)),
    });
    signal?.addEventListener('abort', () => this.#abort());
  }

  get node(): SimulatedRun {
    return this.#options.door.run;
  }

  get device(): SimulatedRun {
    return this.#options.device;
  }

  start(): void {
    const { clock, door, fate, latencyMs } = this.#options;
    if (fate === 'request_lost') {
      this.#lose();
      return;
    }
    clock.after(latencyMs(), () => this.#arrive(fate));
    if (fate !== 'doubled') return;
    // Whoever repeated it takes one answer and drops the other.
    clock.after(latencyMs() + this.#options.random.below(3_000), () => {
      if (door.isListening) door.run.reach(() => void this.#carryOut().catch(() => undefined));
    });
  }

  /** The line breaks: what was to come does not come. */
  cut(knownTo: CutKnownTo): void {
    this.#stream.cut();
    if (knownTo === 'both' || knownTo === 'device') this.#fail();
    if (knownTo === 'both' || knownTo === 'node') this.#leave();
  }

  nodeDied(isTold: boolean): void {
    this.#stream.cut();
    if (isTold) this.#fail();
  }

  deviceDied(isTold: boolean): void {
    this.#isOver = true;
    this.#stream.end();
    this.#options.ended();
    if (isTold) this.#leave();
  }

  #arrive(fate: ExchangeFate): void {
    const { door } = this.#options;
    if (!door.isListening) {
      this.#fail();
      return;
    }
    door.run.reach(() => {
      this.#carryOut().then(
        (response) => this.#answer(response, fate),
        () => this.#fail(),
      );
    });
  }

  async #carryOut(): Promise<Response> {
    const { address, door, request } = this.#options;
    return await door.http(request(), { address, gone: this.#gone.promise });
  }

  #answer(response: Response, fate: ExchangeFate): void {
    if (fate === 'answer_lost') {
      this.#lose();
      return;
    }
    if (response.headers.get('content-type') === 'text/event-stream') {
      this.#relay(response);
      return;
    }
    void response.text().then((text) => this.#deliver(response, text));
  }

  #deliver({ status, headers }: Response, text: string): void {
    const { clock, device, heard, latencyMs } = this.#options;
    clock.after(latencyMs(), () =>
      device.reach(() => {
        if (this.#isOver) return;
        this.#end();
        heard(text);
        this.#settled.resolve(new Response(status === 204 ? null : text, { status, headers }));
      }),
    );
  }

  /** Passes a stream on, part by part. */
  #relay({ status, headers, body }: Response): void {
    const { clock, device, latencyMs } = this.#options;
    const far = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    clock.after(latencyMs(), () =>
      device.reach(() => {
        if (!this.#isOver) this.#settled.resolve(new Response(far, { status, headers }));
      }),
    );
    if (body !== null) void this.#pump(body.getReader());
  }

  async #pump(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        this.#stream.put(part.value, part.value.byteLength);
        this.#writeInVain();
      }
    } catch {
      // The server cut off a reader that was behind.
    }
    this.#stream.put(null, 0);
  }

  /** What is written to a line that is cut is not acknowledged, which the system of the node tells it after a while. */
  #writeInVain(): void {
    if (!this.#stream.isCut || this.#isLeaving) return;
    this.#isLeaving = true;
    this.#options.clock.after(UNACKNOWLEDGED_MS, () => this.#leave());
  }

  #takeChunk(chunk: Uint8Array | null): void {
    if (this.#isOver || this.#controller === null) return;
    if (chunk === null) {
      this.#end();
      this.#controller.close();
      return;
    }
    this.#options.heard(new TextDecoder().decode(chunk));
    this.#controller.enqueue(chunk);
  }

  /** Sometimes the system says so soon, sometimes nobody ever does. */
  #lose(): void {
    if (this.#options.random.chance(0.5)) this.#fail();
  }

  #fail(): void {
    const { clock, device, latencyMs } = this.#options;
    clock.after(latencyMs(), () =>
      device.reach(() => {
        if (this.#isOver) return;
        this.#end();
        const error = new TypeError('the connection was reset');
        this.#controller?.error(error);
        this.#settled.reject(error);
      }),
    );
  }

  #abort(): void {
    if (this.#isOver) return;
    this.#end();
    const error = new DOMException('aborted', 'AbortError');
    this.#controller?.error(error);
    this.#settled.reject(error);
    this.#leave();
  }

  /** The node learns that the asker has gone. */
  #leave(): void {
    const { clock, door, latencyMs } = this.#options;
    clock.after(latencyMs(), () => door.run.reach(() => this.#gone.resolve()));
  }

  #end(): void {
    this.#isOver = true;
    this.#options.ended();
  }
}
