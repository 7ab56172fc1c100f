/**
 * Which web pages may connect: pages of this server's own host, and those of the list. A request without an Origin
 * header comes from no browser and is let in; it has to prove itself with a token like all others.
 */
export class AllowedOrigins {
  readonly #listed: ReadonlySet<string>;

  /** Throws where an entry of the list is no origin. */
  constructor(listed: readonly string[]) {
    this.#listed = new Set(listed.map((text) => parseOrigin(text, true).origin));
  }

  allows(headers: Headers): boolean {
    const said = headers.get('origin');
    if (said === null) return true;
    let origin: URL;
    try {
      origin = parseOrigin(said, false);
    } catch {
      return false;
    }
    return this.#listed.has(origin.origin) || isOwnHost(origin, headers.get('host'));
  }
}

/** Parses scheme, host and port, and nothing else; `null`, a path or credentials are no origin. */
function parseOrigin(text: string, isLenient: boolean): URL {
  const url = new URL(text);
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  const isExact = url.origin === text || (isLenient && url.href === `${url.origin}/`);
  if (!isWeb || !isExact) throw new Error(`"${text}" is no origin such as https://chat.example.org`);
  return url;
}

/** The port of the Host header may be left out where it is the default of the page's scheme. */
function isOwnHost(origin: URL, host: string | null): boolean {
  if (host === null) return false;
  try {
    return new URL(`${origin.protocol}//${host}`).host === origin.host;
  } catch {
    return false;
  }
}
