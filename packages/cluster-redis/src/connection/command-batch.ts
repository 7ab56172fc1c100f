import type { Environment } from '../environment.ts';
import type { Commands, Connection } from './connection.ts';

interface Part {
  readonly from: number;
  readonly to: number;
  readonly resolve: (answers: unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Sends what one turn of the event loop asks for as one write: a thousand sessions cost about as many as one. */
export class CommandBatch {
  readonly #connection: Connection;
  readonly #environment: Environment;
  readonly #commandsMax: number;
  #commands: Commands | null = null;
  #parts: Part[] = [];

  constructor(connection: Connection, environment: Environment, commandsMax: number) {
    this.#connection = connection;
    this.#environment = environment;
    this.#commandsMax = commandsMax;
  }

  /** The answers to what `append` adds; they are executed in a row. Rejects where one fails or is not answered in time. */
  add(append: (commands: Commands) => void): Promise<unknown[]> {
    let commands = this.#commands;
    if (commands === null) {
      commands = this.#connection.pipeline();
      this.#commands = commands;
      this.#environment.afterTurn(() => this.#send());
    }
    const from = commands.length;
    append(commands);
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
    this.#parts.push({ from, to: commands.length, resolve, reject });
    if (commands.length >= this.#commandsMax) this.#send();
    return promise;
  }

  #send(): void {
    const commands = this.#commands;
    if (commands === null) return;
    const parts = this.#parts;
    this.#commands = null;
    this.#parts = [];
    commands.exec().then(
      (answers) => {
        for (const part of parts) settle(part, (answers ?? []).slice(part.from, part.to));
      },
      (error: unknown) => {
        for (const { reject } of parts) reject(error);
      },
    );
  }
}

function settle({ resolve, reject }: Part, answers: readonly [error: Error | null, answer: unknown][]): void {
  const failed = answers.find(([error]) => error !== null);
  if (failed === undefined) resolve(answers.map(([, answer]) => answer));
  else reject(failed[0]);
}
