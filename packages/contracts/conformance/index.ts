import { accountsSuite } from './accounts.suite.ts';
import { conversationLogPagesSuite } from './conversation-log-pages.suite.ts';
import { conversationLogSuite } from './conversation-log.suite.ts';
import { cursorsSuite } from './cursors.suite.ts';
import { devicesSuite } from './devices.suite.ts';
import type { MakeSubject } from './subject.ts';
import { viewsSuite } from './views.suite.ts';
import { workSuite } from './work.suite.ts';

export { accountsSuite, conversationLogPagesSuite, conversationLogSuite, cursorsSuite, devicesSuite };
export { viewsSuite, workSuite };
export * from './archive.suite.ts';
export * from './node-bus.suite.ts';
export * from './node-directory.suite.ts';
export * from './session-registry.suite.ts';
export * from './tokens.suite.ts';
export { type MakeSubject, type StoreUnderTest, type Subject } from './subject.ts';

/** Every suite of a store, over subjects that `makeSubject` gives: an empty store for each test. */
export function storeSuite(name: string, makeSubject: MakeSubject): void {
  conversationLogSuite(name, makeSubject);
  conversationLogPagesSuite(name, makeSubject);
  viewsSuite(name, makeSubject);
  workSuite(name, makeSubject);
  cursorsSuite(name, makeSubject);
  accountsSuite(name, makeSubject);
  devicesSuite(name, makeSubject);
}
