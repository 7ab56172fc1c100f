/** What the bench says to a load process. */
export type CallMessage = {
  readonly id: number;
  readonly what:
    | { readonly kind: 'make'; readonly program: string; readonly plan: unknown }
    | { readonly kind: 'call'; readonly method: string; readonly words: readonly unknown[] };
};

/** What a load process answers. */
export type OutcomeMessage = {
  readonly id: number;
  readonly outcome:
    | { readonly kind: 'done'; readonly value: unknown }
    | { readonly kind: 'failed'; readonly message: string };
};
