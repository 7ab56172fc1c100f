/** Which web pages may use this server, its API and its sockets: by the Origin header that browsers send. */
export interface OriginRules {
  /** True without an Origin too: that comes from no browser and has to prove itself with a token like all others. */
  allows(headers: Headers): boolean;
}

/**
 * Allowed are the origins listed, exactly; and, where the server does not know its public origin, pages that this server
 * itself gave out, which is where Origin and Host name the same host and port.
 */
export function originRulesOf(origins: readonly string[], isOwnHostAllowed: boolean): OriginRules {
  const listed = new Set(origins.map(canonicalOrigin));
  return {
    allows(headers) {
      const origin = headers.get('origin');
      if (origin === null || listed.has(origin)) return true;
      return isOwnHostAllowed && isOwnHost(origin, headers.get('host'));
    },
  };
}

/** The port of a Host may be left out where it is the default of the page's scheme, so both go through one parser. */
function isOwnHost(origin: string, host: string | null): boolean {
  const page = host === null ? null : URL.parse(origin);
  return (
    page !== null && page.origin === origin && URL.parse(`${page.protocol}//${host}`)?.host === page.host
  );
}

/** The origin of an http or https URL, as browsers write it. Throws where there is more to it, or less. */
export function canonicalOrigin(text: string): string {
  const url = URL.parse(text);
  const isWeb = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (
    url === null ||
    !isWeb ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  ) {
    throw new Error(`"${text}" is no origin; one looks like https://chat.example.org`);
  }
  return url.origin;
}
