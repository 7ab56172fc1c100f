import { join } from 'node:path';
import type { CallMessage, OutcomeMessage } from './load-messages.ts';
import type { ProgramName, Programs } from './programs.ts';

type Program<Name extends ProgramName> = InstanceType<Programs[Name]>;
type Plan<Name extends ProgramName> = ConstructorParameters<Programs[Name]>[0];
/** The methods of a program that can be called from another process. */
type Calls<P> = { [M in keyof P as P[M] extends (...words: never[]) => Promise<unknown> ? M : never]: P[M] };
type Words<Method> = Method extends (...words: infer W) => Promise<unknown> ? W : never;
type Outcome<Method> = Method extends (...words: never[]) => Promise<infer O> ? O : never;

const END_MS_MAX = 10_000;

/**
 * A process that loads a server: the bench makes its program and calls its methods as if it were here. Arguments and
 * results are copied, typed arrays included. `await using` ends it.
 */
export class LoadProcess<Name extends ProgramName> implements AsyncDisposable {
  readonly #child: Bun.Subprocess<'ignore', 'inherit', 'inherit'>;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;
  #isEnding = false;

  private constructor() {
    this.#child = Bun.spawn([process.execPath, join(import.meta.dir, 'main.ts')], {
      stdin: 'ignore',
      stdout: 'inherit',
      stderr: 'inherit',
      serialization: 'advanced',
      ipc: (message: OutcomeMessage) => this.#take(message),
      onExit: (_child, code, signal) => this.#ended(code ?? signal ?? 'nothing'),
    });
  }

  /** Starts the process and makes the program in it. */
  static async start<Name extends ProgramName>(name: Name, plan: Plan<Name>): Promise<LoadProcess<Name>> {
    const load = new LoadProcess<Name>();
    await load.#ask({ kind: 'make', program: name, plan });
    return load;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Calls a method of the program. Throws what it throws, and where the process ends instead. */
  async call<M extends keyof Calls<Program<Name>> & string>(
    method: M,
    ...words: Words<Calls<Program<Name>>[M]>
  ): Promise<Outcome<Calls<Program<Name>>[M]>> {
    return (await this.#ask({ kind: 'call', method, words })) as Outcome<Calls<Program<Name>>[M]>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#child.disconnect();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), END_MS_MAX);
    await this.#child.exited;
    clearTimeout(patience);
  }

  async #ask(what: CallMessage['what']): Promise<unknown> {
    this.#calls += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(this.#calls, answer);
    const message: CallMessage = { id: this.#calls, what };
    this.#child.send(message);
    return await answer.promise;
  }

  #take({ id, outcome }: OutcomeMessage): void {
    const answer = this.#open.get(id);
    this.#open.delete(id);
    if (outcome.kind === 'done') answer?.resolve(outcome.value);
    else answer?.reject(new Error(`in the load: ${outcome.message}`));
  }

  #ended(how: number | string): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    if (this.#isEnding && open.length === 0) return;
    for (const answer of open) answer.reject(new Error(`a load process ended with ${how}`));
  }
}
