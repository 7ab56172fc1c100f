import type { Accounts, ConversationLog, Cursors, Devices, Views, WorkQueue } from '@confab/contracts';

/** The ports that one store offers together. */
export interface StoreUnderTest {
  readonly log: ConversationLog;
  readonly views: Views;
  readonly work: WorkQueue;
  readonly cursors: Cursors;
  readonly accounts: Accounts;
  readonly devices: Devices;
}

/** An empty store of its own for one test. */
export interface Subject {
  readonly store: StoreUnderTest;
  dispose(): Promise<void>;
  /** The same data in a store opened anew; absent where a store cannot outlive its process. */
  readonly reopen?: () => Promise<StoreUnderTest>;
}

export type MakeSubject = () => Promise<Subject>;

/** Runs a test body on a subject and disposes of it, whatever happens. */
export function onSubject(makeSubject: MakeSubject) {
  return (body: (subject: Subject) => Promise<void>) => async (): Promise<void> => {
    const subject = await makeSubject();
    try {
      await body(subject);
    } finally {
      await subject.dispose();
    }
  };
}
