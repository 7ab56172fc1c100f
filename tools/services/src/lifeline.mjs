// The other end of a lifeline (see tie.mjs): a process of its own that waits until its parent is gone, however it went,
// and kills what the parent left behind. The file it was handed open says what that is: "+pid" and "-pid", one a line.
import { readFileSync } from 'node:fs';

const STANDARD_INPUT = 0;
const LIST = 3;

// Whoever ends the parent with a signal to the group must not end this one first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

// Nobody writes there: this returns when nobody holds the other end any more.
readFileSync(STANDARD_INPUT);

/** @type {Set<number>} */
const tied = new Set();
for (const line of readFileSync(LIST, 'utf8').split('\n')) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) tied.add(pid);
  if (line.startsWith('-')) tied.delete(pid);
}

for (const pid of tied) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
