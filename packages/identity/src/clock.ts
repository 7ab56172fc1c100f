import type { Clock } from '@confab/contracts';

/** The longest delay a timer of the runtime takes; beyond it, it would fire at once. */
const TIMER_DELAY_MS_MAX = 2 ** 31 - 1;

/** The machine's clock and timers. Delays of any length are kept. */
export function createClock(): Clock {
  return { nowMs: () => Date.now(), after };
}

function after(delayMs: number, action: () => void): () => void {
  let remainingMs = delayMs;
  let timer: ReturnType<typeof setTimeout>;
  const arm = (): void => {
    const stepMs = Math.min(remainingMs, TIMER_DELAY_MS_MAX);
    remainingMs -= stepMs;
    timer = setTimeout(remainingMs > 0 ? arm : action, stepMs);
  };
  arm();
  return () => clearTimeout(timer);
}
