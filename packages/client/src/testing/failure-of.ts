/** What a promise was rejected with; throws where it was not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`nothing failed: ${JSON.stringify(value)}`);
}
