import type { Envelope } from '@confab/contracts';

const KINDS: Readonly<Record<Envelope['kind'], true>> = {
  events: true,
  head: true,
  receipt: true,
  typing: true,
  session_opened: true,
  device_revoked: true,
};

/** Whether this version knows the kind [BUS5]; what is of one that it knows has its shape, since a node wrote it. */
export function isKnownEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return typeof value.kind === 'string' && Object.hasOwn(KINDS, value.kind);
}
