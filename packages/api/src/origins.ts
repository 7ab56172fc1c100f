/** Which web pages may use the API: by the Origin header that browsers send. */
export interface OriginRules {
  isAllowed(origin: string, host: string | null): boolean;
}

/**
 * Allowed are the origins listed, exactly; and pages that this server itself gave out, which is where Origin and Host
 * name the same host and port. Behind a proxy that changes the Host, the public origin is to be listed.
 */
export function originRulesOf(origins: readonly string[]): OriginRules {
  const listed = new Set(origins.map(canonicalOrigin));
  return {
    isAllowed(origin, host) {
      if (listed.has(origin)) return true;
      const page = host === null ? null : URL.parse(origin);
      // The port of a Host may be left out where it is the default of the page's scheme, so both go through one parser.
      return (
        page !== null && page.origin === origin && URL.parse(`${page.protocol}//${host}`)?.host === page.host
      );
    },
  };
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
