import type { ServerFrame } from './frames.ts';

/**
 * Turns a server's text into a frame, or null for what this version does not know. The server is trusted, so nothing
 * but the envelope is checked: a client ignores unknown fields and types.
 */
export function decodeServerFrame(text: string): ServerFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return typeof (value as { type?: unknown }).type === 'string' ? (value as ServerFrame) : null;
}
