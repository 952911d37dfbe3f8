import { isIP } from 'node:net';

/**
 * The canonical form of a client's address: IPv4-mapped IPv6 as IPv4, no zone. What is no address (a forwarded
 * header can say anything) is replaced by the peer's own.
 *
 * @param claimed what the trusted proxies say, or the peer itself
 * @param peer the socket's remote address
 */
export function clientAddress(claimed: string, peer: string | undefined): string {
  return canonicalAddress(claimed) ?? canonicalAddress(peer ?? '') ?? '';
}

function canonicalAddress(text: string): string | undefined {
  const address = text.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4) return mapped;
  if (isIP(address) === 0) return undefined;
  return isIP(address) === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);
}
