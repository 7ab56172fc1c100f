import type { Client } from 'cassandra-driver';

/** What is taken hold of here of the driver's own; its version is pinned, and a test sees whether it is still there. */
export interface ControlConnection {
  _refresh(hosts?: Iterator<unknown>): Promise<void>;
}

/** After a refresh that failed otherwise than the driver expects. */
const AGAIN_AFTER_MS = 1_000;

/** The connection by which the driver knows its cluster. */
export function controlConnectionOf(client: Client): ControlConnection {
  return (client as unknown as { readonly controlConnection: ControlConnection }).controlConnection;
}

/**
 * The driver makes its control connection anew when it is lost, and may do so twice at once. Then one takes away what the
 * other works with, and an error that nobody handles ends the process (NODEJS-681). Here they go one after the other, and
 * what is asked for meanwhile is done once more.
 */
export function refreshOneAtATime(control: ControlConnection): void {
  const refresh = control._refresh.bind(control);
  let isRefreshing = false;
  let isAskedAgain = false;
  control._refresh = async (hosts) => {
    // With hosts it is the driver that goes on to the next one.
    if (hosts !== undefined) return await refresh(hosts);
    isAskedAgain = isRefreshing;
    if (isRefreshing) return;
    isRefreshing = true;
    try {
      do {
        isAskedAgain = false;
        await refresh();
        // Asked again while it ran.
      } while (isAskedAgain);
    } catch {
      setTimeout(() => void control._refresh(), AGAIN_AFTER_MS).unref();
    } finally {
      isRefreshing = false;
    }
  };
}
