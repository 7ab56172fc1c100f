import type { Attempt, History } from '../history.ts';

/** When an acknowledged message was applied by a device, counted from its acknowledgement; negative: before it. */
export type Delivery = {
  readonly device: string;
  readonly conversationId: string;
  readonly sequence: number;
  readonly acknowledgedAtMs: number;
  readonly delayMs: number;
};

/** All that the named devices applied of what was acknowledged. */
export function deliveriesOf(history: History, devices: ReadonlySet<string>): readonly Delivery[] {
  const acknowledgedAt = new Map<string, number>();
  for (const { conversationId, outcome, endedAtMs } of history.attempts) {
    if (outcome.kind !== 'accepted' || endedAtMs === undefined) continue;
    const place = `${conversationId} ${outcome.sequence}`;
    acknowledgedAt.set(place, Math.min(endedAtMs, acknowledgedAt.get(place) ?? endedAtMs));
  }
  return history.streams().flatMap(({ device, conversationId, steps }) =>
    steps.flatMap((step) => {
      if (step.kind !== 'event' || !devices.has(device)) return [];
      const acknowledgedAtMs = acknowledgedAt.get(`${conversationId} ${step.event.sequence}`);
      if (acknowledgedAtMs === undefined) return [];
      const { sequence } = step.event;
      return [{ device, conversationId, sequence, acknowledgedAtMs, delayMs: step.atMs - acknowledgedAtMs }];
    }),
  );
}

/** The one that came last after its acknowledgement; undefined where nothing came. */
export function slowestOf(deliveries: readonly Delivery[]): Delivery | undefined {
  return deliveries.reduce<Delivery | undefined>(
    (slowest, one) => (slowest === undefined || one.delayMs > slowest.delayMs ? one : slowest),
    undefined,
  );
}

/** The longest time from first saying a message to its acknowledgement, over however many connections. */
export function slowestAnswerMs(attempts: readonly Attempt[]): number {
  const saidAt = new Map<string, number>();
  let slowestMs = 0;
  for (const { clientMessageId, invokedAtMs, endedAtMs, outcome } of attempts) {
    const said = saidAt.get(clientMessageId) ?? invokedAtMs;
    saidAt.set(clientMessageId, said);
    if (outcome.kind === 'accepted' && endedAtMs !== undefined && !outcome.isDuplicate)
      slowestMs = Math.max(slowestMs, endedAtMs - said);
  }
  return Math.round(slowestMs);
}
