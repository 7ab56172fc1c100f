import { connect, type Socket } from 'bun';

/** The answer to one request. `body` is to be read at once. */
export type LaneAnswer = { readonly status: number; readonly body: Buffer };

type Turn = {
  readonly resolve: (answer: LaneAnswer) => void;
  readonly reject: (error: Error) => void;
};

const HEAD_END = '\r\n\r\n';
const STATUS_START = 'HTTP/1.1 '.length;

/**
 * One kept connection that asks one request after the other, with as little work for each as can be: what is measured
 * is the server. It expects answers with a length, as our servers give them.
 */
export class HttpLane {
  readonly #host: string;
  #socket: Socket | null = null;
  #turn: Turn | null = null;
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** Bytes of the answer with its head, once the head is there. */
  #wantedBytes = Number.POSITIVE_INFINITY;

  private constructor(host: string) {
    this.#host = host;
  }

  static async open(url: string): Promise<HttpLane> {
    const { hostname, port, host } = new URL(url);
    const lane = new HttpLane(host);
    lane.#socket = await connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_socket, bytes) => lane.#take(bytes),
        close: () => lane.#end(new Error('the server closed the connection')),
        error: (_socket, error) => lane.#end(error),
      },
    });
    return lane;
  }

  /** Asks for a path; rejects where the connection ends first. Not before the last one was answered. */
  get(path: string, token: string): Promise<LaneAnswer> {
    if (this.#socket === null) throw new Error('the connection has ended');
    if (this.#turn !== null) throw new Error('a request is under way');
    const { promise, resolve, reject } = Promise.withResolvers<LaneAnswer>();
    this.#turn = { resolve, reject };
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAuthorization: Bearer ${token}${HEAD_END}`,
    );
    return promise;
  }

  close(): void {
    this.#socket?.end();
  }

  #take(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
    if (this.#wantedBytes === Number.POSITIVE_INFINITY) this.#readHead();
    if (this.#partBytes < this.#wantedBytes) return;
    const answer = Buffer.concat(this.#parts);
    const status = Number(answer.toString('latin1', STATUS_START, STATUS_START + 3));
    const bodyAt = answer.indexOf(HEAD_END) + HEAD_END.length;
    const turn = this.#turn;
    this.#turn = null;
    this.#parts = [];
    this.#partBytes = 0;
    this.#wantedBytes = Number.POSITIVE_INFINITY;
    turn?.resolve({ status, body: answer.subarray(bodyAt) });
  }

  #readHead(): void {
    const so = Buffer.concat(this.#parts);
    const headEnd = so.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(so.toString('latin1', 0, headEnd))?.[1];
    if (length === undefined) this.#end(new Error('an answer without a length'));
    else this.#wantedBytes = headEnd + HEAD_END.length + Number(length);
  }

  #end(error: Error): void {
    this.#socket = null;
    this.#turn?.reject(error);
    this.#turn = null;
  }
}
