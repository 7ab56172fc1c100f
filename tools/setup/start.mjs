// "npm start": dependencies, web app, server.
import { spawn } from 'node:child_process';
import { buildWeb } from './build-web.mjs';
import { exitOf, install, root, runMain } from './install.mjs';

/**
 * One Ctrl-C can arrive twice: from the terminal, which signals the whole group, and from npm, which passes it on.
 * Within this time it is the same request; later it is a person who asks again.
 */
const SAME_REQUEST_MS = 1_000;

/** How often we look whether npm is still there. */
const PARENT_CHECK_MS = 250;

await runMain(async () => {
  const bun = await install();
  if ((await buildWeb()) === 'missing')
    console.warn('No web app in this tree (apps/web/index.html): API only.');
  return runServer(bun, process.argv.slice(2));
});

async function runServer(bun, args) {
  // A group of its own: the terminal's Ctrl-C does not reach the server directly, so it hears of it exactly once.
  const detached = process.platform !== 'win32';
  // And it ends with this process, should that be killed without a chance to pass the signal on.
  const command = ['--no-orphans', 'apps/server/src/main.ts', 'start', ...args];
  const child = spawn(bun, command, { cwd: root, stdio: 'inherit', detached });
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
  // npm that is told to end takes its shell along and leaves us behind: then nobody is there to stop the server.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) child.kill('SIGTERM');
  }, PARENT_CHECK_MS);
  const code = await exitOf(child);
  clearInterval(watch);
  const stoppedBeforeListening = lastSignal !== undefined && child.signalCode !== null;
  return stoppedBeforeListening ? 0 : code;
}
