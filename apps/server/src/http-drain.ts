/**
 * The HTTP requests in hand. At a stop, those that only wait for news are ended at once, and the others are waited for.
 */
export class HttpDrain {
  readonly #waiting = new Set<() => void>();
  #inHand = 0;
  #isDraining = false;
  #onIdle: (() => void) | null = null;

  /** Runs a request. Its `gone` also resolves when this server goes. */
  async run(
    request: Request,
    gone: Promise<void>,
    answer: (gone: Promise<void>) => Promise<Response>,
  ): Promise<Response> {
    this.#inHand += 1;
    // Only long polls can be ended early, and only they are put on the list.
    const end = request.url.includes('waitMs=') ? Promise.withResolvers<void>() : null;
    try {
      if (end === null) return await answer(gone);
      void gone.then(end.resolve);
      if (this.#isDraining) end.resolve();
      this.#waiting.add(end.resolve);
      return await answer(end.promise);
    } finally {
      if (end !== null) this.#waiting.delete(end.resolve);
      this.#inHand -= 1;
      if (this.#inHand === 0) this.#onIdle?.();
    }
  }

  /** Resolves once no request is in hand, or at `atMost`. */
  async drain(atMost: Promise<void>): Promise<void> {
    this.#isDraining = true;
    for (const end of this.#waiting) end();
    if (this.#inHand === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    await Promise.race([idle, atMost]);
  }
}
