import { type ConfabError, problemAnswer } from '@confab/protocol';

/** An error as application/problem+json. */
export function problem(error: ConfabError): Response {
  const { body, ...init } = problemAnswer(error);
  return new Response(body, init);
}
