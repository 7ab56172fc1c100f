/** What is filled into a server's store before it is measured. */
export type FillPlan = {
  readonly conversations: readonly { readonly conversationId: string; readonly senderId: string }[];
  /** A multiple of `MESSAGES_IN_A_ROW`. */
  readonly messagesEach: number;
  readonly body: string;
  /** Told how many messages are in. */
  readonly onProgress: (messages: number) => void;
};

/**
 * Messages of one conversation that stand together in the file, as people talk: then come those of the other
 * conversations. A page of history is then found in many places, as in a store that has been written to for a year.
 */
export const MESSAGES_IN_A_ROW = 5;
