import type { Device } from './raw-client.ts';

/** Says `count` messages, `inFlight` of them unanswered at a time, and gives the highest sequence. */
export async function sayMany(
  device: Device,
  conversationId: string,
  count: number,
  inFlight = 64,
): Promise<number> {
  let said = 0;
  let highest = 0;
  const work = async (): Promise<void> => {
    while (said < count) {
      said += 1;
      const outcome = await device.say(conversationId, `message ${crypto.randomUUID()}`);
      if (outcome.kind !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
      highest = Math.max(highest, outcome.sequence);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, work));
  return highest;
}
