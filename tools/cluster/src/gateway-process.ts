import { LocalProcess } from '@confab/services';
import { bareEnvironment, type Environment } from './server-command.ts';

const HOST = '127.0.0.1';
const READY_MS_MAX = 30_000;
/** Above every drain that a cluster on one machine is given. */
const STOP_MS_MAX = 30_000;
const ANSWER_MS_MAX = 2_000;

/** What one node is made of. */
export type GatewayPlan = {
  /** `n1`, `n2`... */
  readonly nodeId: string;
  readonly port: number;
  /** The file of its program: `SERVER_MAIN`, or one that starts the same server in another way. */
  readonly main: string;
  readonly folder: string;
  readonly logFile: string;
  readonly settings: Environment;
};

/** One node of the cluster: a real process that can be killed, paused and restarted, always on the same port. */
export class GatewayProcess {
  readonly nodeId: string;
  readonly port: number;
  readonly process: LocalProcess;

  constructor({ nodeId, port, main, folder, logFile, settings }: GatewayPlan) {
    this.nodeId = nodeId;
    this.port = port;
    this.process = new LocalProcess({
      name: `node ${nodeId}`,
      command: process.execPath,
      args: [main, 'start'],
      folder,
      logFile,
      environment: {
        ...bareEnvironment(),
        CONFAB_LOG_FORMAT: 'json',
        ...settings,
        CONFAB_HOST: HOST,
        CONFAB_PORT: String(port),
        CONFAB_NODE_ID: nodeId,
      },
      isTied: true,
    });
  }

  /** Where it is reached without the balancer. */
  get url(): string {
    return `http://${HOST}:${this.port}`;
  }

  /** Null where it does not run. */
  get pid(): number | null {
    return this.process.pid;
  }

  /** Whether it says that it takes traffic. */
  async isReady(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.url}/readyz`, {
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
        keepalive: false,
      });
      return answer.ok;
    } catch {
      return false;
    }
  }

  /** Starts it and waits until it takes traffic. Throws a ServicesError with the end of its log where it does not. */
  async start(): Promise<void> {
    await this.process.start();
    await this.process.untilReady(() => this.isReady(), READY_MS_MAX);
  }

  /** Ends it at once, as a crash would. */
  async kill(): Promise<void> {
    await this.process.kill();
  }

  /** Stops it in its tracks: it keeps its sockets, and answers nobody. */
  pause(): void {
    this.process.pause();
  }

  resume(): void {
    this.process.resume();
  }

  /** Lets it send its connections away and end. */
  async stop(): Promise<void> {
    await this.process.stop(STOP_MS_MAX);
  }

  /** Stops it, where it runs, and starts it again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}
