import type { Asker, Connection, Transport } from '@confab/gateway';
import type { SimulatedRun } from '../infrastructure/simulated-run.ts';

/** Where devices reach one run of a node. */
export interface Door {
  readonly run: SimulatedRun;
  /** Whether somebody is there at all; where not, the system of the machine says so. */
  readonly isListening: boolean;
  refusalOf(headers: Headers, peerAddress: string): Response | null;
  connect(transport: Transport): Connection;
  http(request: Request, asker: Asker): Promise<Response>;
}
