import { addressOf, rateKeyOf, trustedProxiesOf } from '@confab/api';

/**
 * What new connections are counted by, by the same rules as the API's requests: the address behind the trusted proxies,
 * or the network that one subscriber of IPv6 has to itself. Throws where an entry is neither an address nor a network.
 */
export function connectKeyOf(
  trustedProxies: readonly string[],
): (headers: Headers, peerAddress: string) => string {
  const trusted = trustedProxiesOf(trustedProxies);
  return (headers, peerAddress) => rateKeyOf(addressOf(peerAddress, headers.get('x-forwarded-for'), trusted));
}
