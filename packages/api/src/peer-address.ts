import { BlockList, isIP } from 'node:net';

/** Who may speak for others: proxies in front of the server, as IP addresses and networks (`10.0.0.0/8`). */
export interface TrustedProxies {
  has(address: string): boolean;
}

/** Throws where an entry is neither an address nor a network. */
export function trustedProxiesOf(entries: readonly string[]): TrustedProxies {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const version = isIP(address);
    const bitsMax = version === 6 ? 128 : 32;
    const isNetwork = bits !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
    if (version === 0 || (bits !== undefined && !isNetwork))
      throw new Error(`"${entry}" is no IP address or network`);
    list.addSubnet(address, bits === undefined ? bitsMax : Number(bits), version === 6 ? 'ipv6' : 'ipv4');
  }
  return {
    has(address) {
      const version = isIP(address);
      return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** Addresses of proxies in one header; more make no sense. */
const HOPS_MAX = 32;

/**
 * The address a request comes from. Each proxy writes its peer at the end of `X-Forwarded-For`, so the list is read
 * backwards for as long as who wrote is trusted; what a stranger wrote is never looked at.
 */
export function addressOf(peer: string, forwardedFor: string | null, trusted: TrustedProxies): string {
  let address = plainAddress(peer);
  if (forwardedFor === null || !trusted.has(address)) return address;
  const hops = forwardedFor.split(',', HOPS_MAX + 1).map((hop) => plainAddress(hop.trim()));
  if (hops.length > HOPS_MAX) return address;
  while (trusted.has(address)) {
    const hop = hops.pop();
    if (hop === undefined || isIP(hop) === 0) return address;
    address = hop;
  }
  return address;
}

/** IPv4 in its own form, also where a socket for both families wraps it. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address;
}

/** What rate limits count by: an IPv4 address, or the /64 that one subscriber of IPv6 has to itself. */
export function rateKeyOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** Whether the peer is this machine itself. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}
