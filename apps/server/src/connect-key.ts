import { isIP } from 'node:net';
import { trustedProxiesOf } from '@confab/api';

/** Addresses of proxies in one header; more make no sense. */
const HOPS_MAX = 32;

/**
 * What new connections are counted by, by the same rules as the API's requests: the address behind the trusted proxies,
 * or the /64 that one subscriber of IPv6 has to itself. Throws where an entry is neither an address nor a network.
 */
export function connectKeyOf(
  trustedProxies: readonly string[],
): (headers: Headers, peerAddress: string) => string {
  const trusted = trustedProxiesOf(trustedProxies);
  return (headers, peerAddress) => {
    let address = plain(peerAddress);
    const hops = (headers.get('x-forwarded-for') ?? '').split(',', HOPS_MAX + 1);
    // Each proxy writes its peer at the end; what a stranger wrote is never looked at.
    while (hops.length <= HOPS_MAX && trusted.has(address)) {
      const hop = plain(hops.pop()?.trim() ?? '');
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return isIP(address) === 6 ? networkOf(address) : address;
  };
}

/** IPv4 in its own form, also where a socket for both families wraps it. */
function plain(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
