import { connect } from 'node:net';

const ANSWER_MS_MAX = 1_000;

/** OPTIONS, the one frame of CQL's protocol that anybody may send unasked. */
const CQL_OPTIONS = Uint8Array.from([0x04, 0, 0, 0, 0x05, 0, 0, 0, 0]);

/** Whether something takes connections there.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function accepts(host, port) {
  return probe({ host, port, words: null });
}

/** Whether a Cassandra answers CQL there.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function answersCql(host, port) {
  return probe({ host, port, words: CQL_OPTIONS });
}

/**
 * @param {{host: string, port: number, words: Uint8Array | null}} place
 * @returns {Promise<boolean>}
 */
function probe({ host, port, words }) {
  return new Promise((settle) => {
    const socket = connect({ host, port, timeout: ANSWER_MS_MAX });
    /** @param {boolean} outcome */
    const end = (outcome) => {
      socket.destroy();
      settle(outcome);
    };
    socket.once('connect', () => {
      if (words === null) end(true);
      else socket.write(words);
    });
    socket.once('data', () => end(true));
    socket.on('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
