// The process of a load: makes the program that it is told to, and calls its methods when it is told to.
import type { CallMessage, OutcomeMessage } from './load-messages.ts';
import { isProgramName, PROGRAMS } from './programs.ts';

type Callable = { readonly [method: string]: ((...words: readonly unknown[]) => unknown) | undefined };

let program: Callable | null = null;

async function carryOut(what: CallMessage['what']): Promise<unknown> {
  if (what.kind === 'make') {
    if (!isProgramName(what.program)) throw new Error(`no load program ${what.program}`);
    // The plan was made beside the same table, by LoadProcess.start.
    const Program = PROGRAMS[what.program] as unknown as new (plan: unknown) => Callable;
    program = new Program(what.plan);
    return undefined;
  }
  const method = program?.[what.method];
  if (method === undefined) throw new Error(`no method ${what.method}`);
  return await method.apply(program, [...what.words]);
}

async function answer({ id, what }: CallMessage): Promise<OutcomeMessage> {
  try {
    return { id, outcome: { kind: 'done', value: await carryOut(what) } };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { id, outcome: { kind: 'failed', message } };
  }
}

process.on('message', (message: CallMessage) => {
  void answer(message).then((outcome) => process.send?.(outcome));
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(0));
