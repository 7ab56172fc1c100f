/** Calls back at the end of this turn of the event loop. */
export type EndOfTurn = (action: () => void) => void;

/** That of the runtime. */
export const endOfTurn: EndOfTurn = (action) => void setImmediate(action);
