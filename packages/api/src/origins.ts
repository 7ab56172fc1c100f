import { isIP } from 'node:net';

/** Which web pages may use the API: by the Origin header that browsers send. */
export interface OriginRules {
  isAllowed(origin: string, host: string | null): boolean;
}

/** Names that nobody outside can point at this machine. */
const PRIVATE_NAME = /^[a-z0-9-]+$|\.(localhost|local|lan|internal|home\.arpa)$/i;

/**
 * Allowed are the origins listed, exactly; and pages that this server itself gave out, which is where Origin and Host
 * are the same. The latter only holds for addresses and private names: with a public name of their own that they let
 * point at this machine, strangers could make the two equal. A public name is to be listed.
 */
export function originRulesOf(origins: readonly string[]): OriginRules {
  const listed = new Set(origins.map(canonicalOrigin));
  return {
    isAllowed(origin, host) {
      if (listed.has(origin)) return true;
      const url = host === null ? null : URL.parse(origin);
      if (url === null || url.origin !== origin || url.host !== host?.toLowerCase()) return false;
      const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
      return isIP(name) !== 0 || PRIVATE_NAME.test(name);
    },
  };
}

/** The origin of an http or https URL, as browsers write it. Throws where there is more to it, or less. */
export function canonicalOrigin(text: string): string {
  const url = URL.parse(text);
  const isWeb = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (url === null || !isWeb || url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new Error(`"${text}" is no origin; one looks like https://chat.example.org`);
  }
  return url.origin;
}
