import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServicesError } from './services-error.mjs';
import { tie, untie } from './tie.mjs';

/**
 * @typedef {object} ProcessSpec
 * @property {string} name  in messages
 * @property {string} command
 * @property {readonly string[]} args
 * @property {string} folder  where it runs
 * @property {string} logFile  what it prints goes to the end of this file
 * @property {Record<string, string | undefined>} environment  the whole of it
 * @property {boolean} isTied  whether it ends with this process, or stays
 */

/** @typedef {'up' | 'paused' | 'down'} ProcessState */

const LOOK_EVERY_MS = 25;
/** A process that was killed is gone within this, unless the system itself hangs. */
const KILLED_MS_MAX = 10_000;
const LAST_WORDS_LINES = 15;

/** One process on this machine that can be killed, paused, resumed and started again. */
export class LocalProcess {
  #spec;
  /** @type {number | null} */
  #pid;
  #isPaused = false;
  /** @type {number | null} */
  #startedAt = null;

  /**
   * @param {ProcessSpec} spec
   * @param {number | null} [pid]  where it runs already
   */
  constructor(spec, pid = null) {
    this.#spec = spec;
    this.#pid = pid;
  }

  get name() {
    return this.#spec.name;
  }

  get logFile() {
    return this.#spec.logFile;
  }

  /** The process id; null where it does not run. */
  get pid() {
    return this.state === 'down' ? null : this.#pid;
  }

  /** Milliseconds since the epoch; null where it does not run or was started by another process. */
  get startedAt() {
    return this.state === 'down' ? null : this.#startedAt;
  }

  /** @returns {ProcessState} */
  get state() {
    const seen = this.#pid === null ? 'down' : stateOf(this.#pid);
    return seen === 'up' && this.#isPaused ? 'paused' : seen;
  }

  /** Starts it, and does not wait until it answers. Throws where it runs already or cannot be started.
   * @returns {Promise<void>}
   */
  async start() {
    if (this.state !== 'down') throw new ServicesError(`${this.name} runs already (process ${this.#pid}).`);
    const { command, args, folder, logFile, environment, isTied } = this.#spec;
    mkdirSync(dirname(logFile), { recursive: true });
    const log = openSync(logFile, 'a');
    // A group of its own: Ctrl-C in a terminal reaches whoever started it, who then stops things in order.
    const options = { cwd: folder, env: environment, detached: true };
    const child = spawn(command, args, { ...options, stdio: ['ignore', log, log] });
    closeSync(log);
    await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const pid = child.pid ?? null;
    this.#pid = pid;
    this.#isPaused = false;
    this.#startedAt = Date.now();
    if (pid !== null && isTied) {
      tie(pid);
      child.once('exit', () => untie(pid));
    }
    child.unref();
  }

  /** Ends it at once, as a crash would. Does nothing where it does not run. */
  async kill() {
    this.#signal('SIGKILL');
    await this.#gone(KILLED_MS_MAX);
  }

  /** Stops it in its tracks: it keeps its sockets and its memory, and answers nobody. */
  pause() {
    this.#requireRunning();
    this.#signal('SIGSTOP');
    this.#isPaused = true;
  }

  resume() {
    this.#requireRunning();
    this.#signal('SIGCONT');
    this.#isPaused = false;
  }

  /** Lets it end by itself, and kills it after `graceMs`. Does nothing where it does not run.
   * @param {number} graceMs
   */
  async stop(graceMs) {
    this.#signal('SIGTERM');
    this.#signal('SIGCONT');
    if (await this.#gone(graceMs)) return;
    await this.kill();
  }

  /**
   * Waits until `answers` gives true. Throws with the end of the log where the process ends before, or does not
   * answer within `timeoutMs`.
   * @param {() => boolean | Promise<boolean>} answers
   * @param {number} timeoutMs
   */
  async untilReady(answers, timeoutMs) {
    const until = performance.now() + timeoutMs;
    while (!(await answers())) {
      if (this.state === 'down') throw new ServicesError(`${this.name} did not start.\n${this.lastWords()}`);
      if (performance.now() > until)
        throw new ServicesError(
          `${this.name} does not answer after ${timeoutMs / 1000} s.\n${this.lastWords()}`,
        );
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** The end of its log. */
  lastWords() {
    const { logFile } = this.#spec;
    const lines = readIfThere(logFile).trimEnd().split('\n').slice(-LAST_WORDS_LINES);
    return [...lines, `(${logFile})`].join('\n');
  }

  #requireRunning() {
    if (this.state === 'down') throw new ServicesError(`${this.name} does not run.`);
  }

  /** @param {NodeJS.Signals} signal */
  #signal(signal) {
    const { pid } = this;
    if (pid === null) return;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself a moment ago.
    }
  }

  /** Whether it was gone within `timeoutMs`.
   * @param {number} timeoutMs
   */
  async #gone(timeoutMs) {
    const until = performance.now() + timeoutMs;
    while (this.state !== 'down') {
      if (performance.now() > until) return false;
      await sleep(LOOK_EVERY_MS);
    }
    return true;
  }
}

/** What the system says of a process. One that has ended and that nobody has asked after is down.
 * @param {number} pid
 * @returns {ProcessState}
 */
function stateOf(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return 'down';
  }
  // Where there is no /proc, a process that takes signals is up.
  const letter = /\) (\S)/.exec(readIfThere(`/proc/${pid}/stat`))?.[1] ?? '';
  if (letter === 'X' || (letter === 'Z' && !hasThreads(pid))) return 'down';
  return letter === 'T' ? 'paused' : 'up';
}

/** The first thread of a process may have ended while others still hold its sockets.
 * @param {number} pid
 */
function hasThreads(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
