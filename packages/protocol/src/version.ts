/** The wire's version. `protocol-hash.test.ts` fails when a schema changes and this line does not. */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol a client asks for and the server must echo. */
export const SUBPROTOCOL = 'confab.v1.json';

/**
 * One line of history a version:
 * 1  the first wire: conversations, messages, membership, receipts, typing, resume.
 */
