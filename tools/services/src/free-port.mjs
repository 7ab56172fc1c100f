import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { ServicesError } from './services-error.mjs';

/**
 * Below the range from which systems give ports to outgoing connections: a service that is killed finds its port
 * still free when it comes back.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 29_999;
const TRIES_MAX = 100;

/** A port that nothing listens on at any of these addresses. Another process may take it before the caller does.
 * @param {readonly string[]} [hosts]  default: 127.0.0.1
 * @returns {Promise<number>}
 */
export async function freePort(hosts = ['127.0.0.1']) {
  for (let tried = 0; tried < TRIES_MAX; tried += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const free = await Promise.all(hosts.map((host) => isPortFree(host, port)));
    if (free.every(Boolean)) return port;
  }
  throw new ServicesError(`No free port between ${FIRST_PORT} and ${LAST_PORT} on ${hosts.join(', ')}.`);
}

/** Whether nothing listens there and this process may.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isPortFree(host, port) {
  return new Promise((settle) => {
    const server = createServer();
    server.once('error', () => settle(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => settle(true)));
  });
}
