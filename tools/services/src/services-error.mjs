/** A failure whose message is all a person needs: printed without a stack. */
export class ServicesError extends Error {
  /** @override */
  name = 'ServicesError';
}
