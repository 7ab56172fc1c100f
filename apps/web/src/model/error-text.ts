import { ChatError } from '@confab/client';
import { text } from '../text.ts';

const known: ReadonlyMap<string, string> = new Map([
  ['network', text.errors.network],
  ['timeout', text.errors.timeout],
  ['rate_limited', text.errors.rate_limited],
  ['unavailable', text.errors.unavailable],
  ['internal', text.errors.unavailable],
  ['draining', text.errors.unavailable],
  ['forbidden', text.errors.forbidden],
  ['not_found', text.errors.not_found],
  ['last_owner', text.details.lastOwner],
  ['too_many_members', text.errors.too_many_members],
  ['unknown_members', text.errors.unknown_members],
  ['too_many_devices', text.errors.too_many_devices],
  ['too_large', text.errors.too_large],
  ['storage', text.errors.storage],
]);

/** What went wrong, in words for the person in front of it. The server's own words where we have none. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof ChatError) return known.get(thrown.code) ?? text.errors.other(thrown.message);
  return text.errors.other(thrown instanceof Error ? thrown.message : String(thrown));
}
