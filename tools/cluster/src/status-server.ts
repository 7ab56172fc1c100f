import { StatusReader } from './cluster-status.ts';
import type { Cluster } from './cluster.ts';
import { statusPage } from './status-page.ts';

/** What can be done to a process over HTTP. */
const ACTIONS = ['kill', 'pause', 'resume', 'restart'] as const;
type Action = (typeof ACTIONS)[number];

/** A process as the controls see it: all parts of a cluster can be treated alike. */
type Controlled = Readonly<Record<Action, () => void | Promise<void>>>;

const SECURITY = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/**
 * The status page of a cluster, for this machine alone: `GET /` for people, `GET /status.json` for programs, and
 * `POST /kill?node=2`, `/pause`, `/resume`, `/restart` (also with `cassandra=1` or `redis=1`), which answer once it is
 * done. Pages of other sites are refused: they could reach a loopback address through somebody's browser.
 */
export function serveStatus(cluster: Cluster, port: number): Bun.Server<undefined> {
  const reader = new StatusReader(cluster);
  return Bun.serve({
    hostname: '127.0.0.1',
    port,
    // A node that drains takes its time; Bun closes what is silent for longer than this.
    idleTimeout: 120,
    fetch: async (request) => {
      const url = new URL(request.url);
      if (!isFromHere(request, url)) return answer(403, 'This page answers its own machine only.');
      if (request.method === 'POST') return await control(cluster, url);
      if (url.pathname === '/status.json') return Response.json(await reader.read(), { headers: SECURITY });
      if (url.pathname !== '/') return answer(404, 'There is / and /status.json.');
      const page = statusPage(await reader.read(), url.searchParams.has('still'));
      return new Response(page, { headers: { ...SECURITY, 'content-type': 'text/html; charset=utf-8' } });
    },
  });
}

/** Asked for by a name of this machine, and not by a page of another site. */
function isFromHere(request: Request, { hostname, origin }: URL): boolean {
  const from = request.headers.get('origin');
  return ['127.0.0.1', 'localhost'].includes(hostname) && (from === null || from === origin);
}

async function control(cluster: Cluster, { pathname, searchParams }: URL): Promise<Response> {
  const action = ACTIONS.find((name) => pathname === `/${name}`);
  const controlled = find(cluster, searchParams);
  if (action === undefined || controlled === null)
    return answer(
      404,
      'There is POST /kill, /pause, /resume and /restart, with ?node=N, ?cassandra=N or ?redis=1.',
    );
  try {
    await controlled[action]();
    return answer(200, 'done');
  } catch (error) {
    return answer(409, error instanceof Error ? error.message : String(error));
  }
}

function find({ nodes, cassandra, redis }: Cluster, asked: URLSearchParams): Controlled | null {
  const node = nodes[Number(asked.get('node')) - 1];
  if (node !== undefined) {
    return {
      kill: () => node.kill(),
      pause: () => node.pause(),
      resume: () => node.resume(),
      restart: () => node.restart(),
    };
  }
  const n = Number(asked.get('cassandra'));
  if (cassandra !== null && cassandra.processes[n - 1] !== undefined) {
    return {
      kill: () => cassandra.kill(n),
      pause: () => cassandra.pause(n),
      resume: () => cassandra.resume(n),
      restart: () => cassandra.restartNode(n),
    };
  }
  if (asked.get('redis') !== '1') return null;
  return {
    kill: () => redis.kill(),
    pause: () => redis.pause(),
    resume: () => redis.resume(),
    restart: () => redis.restart(),
  };
}

function answer(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: SECURITY });
}
