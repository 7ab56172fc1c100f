import { ServicesError } from '@confab/services';
import type { ClusterStatus } from './cluster-status.ts';

/** Within this the balancer has noticed that a node is back: it looks every half second. */
const NOTICED_MS = 1_000;

/**
 * Restarts the nodes of a running cluster one after the other; each is ready again before the next one goes. Speaks to
 * the cluster's status page. Throws a ServicesError where a node does not come back: the rest then stays as it is.
 */
export async function rollingRestart(
  statusUrl: string,
  onProgress: (sentence: string) => void,
): Promise<void> {
  const status = (await (await ask('GET', `${statusUrl}/status.json`)).json()) as ClusterStatus;
  const nodes = status.processes.filter(({ role }) => role === 'node');
  for (const [index, { name }] of nodes.entries()) {
    onProgress(`Restarting ${name}.`);
    await ask('POST', `${statusUrl}/restart?node=${index + 1}`);
    await Bun.sleep(NOTICED_MS);
  }
  onProgress(`All ${nodes.length} nodes were restarted.`);
}

async function ask(method: 'GET' | 'POST', url: string): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { method });
  } catch (error) {
    throw new ServicesError(`The cluster does not answer at ${url}.`, { cause: error });
  }
  if (answer.ok) return answer;
  throw new ServicesError(`${method} ${url}: ${(await answer.text()).trim()}`);
}
