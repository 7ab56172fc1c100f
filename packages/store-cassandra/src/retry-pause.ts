const BASE_MS = 10;
const CAP_MS = 1_000;

/** A pause before an attempt is repeated, drawn at random so that rivals do not meet again; up to 1 s. */
export async function retryPause(attempt: number): Promise<void> {
  const capMs = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
  await new Promise<void>((resolve) => setTimeout(resolve, Math.random() * capMs));
}
