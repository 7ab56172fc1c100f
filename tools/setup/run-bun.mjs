// Runs a program of ours under bun until it ends or a person ends it: what "npm start" and "npm run cluster" share.
import { spawn } from 'node:child_process';
import { exitOf, root } from './install.mjs';

/**
 * One Ctrl-C can arrive twice: from the terminal, which signals the whole group, and from npm, which passes it on.
 * Within this time it is the same request; later it is a person who asks again.
 */
const SAME_REQUEST_MS = 1_000;

/** How often we look whether npm is still there. */
const PARENT_CHECK_MS = 250;

/** Gives the exit code; 0 where it was told to end before it had begun to listen to signals. */
export async function runBun(bun, words) {
  // A group of its own: the terminal's Ctrl-C does not reach the program directly, so it hears of it exactly once.
  const detached = process.platform !== 'win32';
  // And it ends with this process, should that be killed without a chance to pass the signal on.
  const child = spawn(bun, ['--no-orphans', ...words], { cwd: root, stdio: 'inherit', detached });
  let lastSignal;
  let lastSignalAt = Number.NEGATIVE_INFINITY;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - lastSignalAt < SAME_REQUEST_MS) return;
      lastSignal = signal;
      lastSignalAt = now;
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    });
  }
  // npm that is told to end takes its shell along and leaves us behind: then nobody is there to stop the program.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) child.kill('SIGTERM');
  }, PARENT_CHECK_MS);
  const code = await exitOf(child);
  clearInterval(watch);
  const stoppedBeforeListening = lastSignal !== undefined && child.signalCode !== null;
  return stoppedBeforeListening ? 0 : code;
}
