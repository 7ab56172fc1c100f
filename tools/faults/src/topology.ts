/** Whether the scenarios meet a fleet behind a balancer, or one machine with its folder. */
export const isOnFleet = process.env['CONFAB_FAULTS_FLEET'] === '1';

/** Threads that hold connections in the server of one machine. Each is a node of its own. */
export const serverThreads = Number(process.env['CONFAB_FAULTS_WORKERS'] ?? '1');

/** Whether the devices of a scene are at different nodes, gateways or threads. */
export const hasManyNodes = isOnFleet || serverThreads > 1;

/** How long after it was answered a receipt may be seen through another node: receipts are gathered where they come. */
export const receiptSeenMsMax = hasManyNodes ? 2_000 : 0;
