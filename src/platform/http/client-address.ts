import { BlockList, isIP, isIPv6 } from 'node:net';
import { currentRequest } from '../context/request-context.js';

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

/**
 * What counts as one client where attempts are counted: an IPv4 address, or the /64 of an IPv6 address, because a
 * single host can take any address of its /64 (RFC 8981).
 *
 * @param address in canonical form; anything else is its own network
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head, tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const groups = [...(head ?? []), ...(tail ?? [])];
  const zeros = Array.from({ length: 8 - groups.length }, () => '0');
  groups.splice(head?.length ?? 0, 0, ...zeros);
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** The client of the request being served, as attempts are counted. */
export function clientNetwork(): string {
  return networkOf(currentRequest().clientAddress);
}

/** Whether an address belongs to a private network, where a peer is more likely a proxy than a client. */
export function isPrivateAddress(address: string): boolean {
  return address !== '' && privateNetworks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

const privateNetworks = new BlockList();
privateNetworks.addSubnet('10.0.0.0', 8, 'ipv4');
privateNetworks.addSubnet('172.16.0.0', 12, 'ipv4');
privateNetworks.addSubnet('192.168.0.0', 16, 'ipv4');
privateNetworks.addSubnet('100.64.0.0', 10, 'ipv4');
privateNetworks.addSubnet('169.254.0.0', 16, 'ipv4');
privateNetworks.addSubnet('127.0.0.0', 8, 'ipv4');
privateNetworks.addAddress('::1', 'ipv6');
privateNetworks.addSubnet('fc00::', 7, 'ipv6');
privateNetworks.addSubnet('fe80::', 10, 'ipv6');

function canonicalAddress(text: string): string | undefined {
  const address = text.replace(/%.*$/, '');
  const family = isIP(address);
  if (family !== 6) return family === 4 ? address : undefined;
  // The URL parser compresses IPv6 as RFC 5952 says, and writes mapped addresses as two hexadecimal groups.
  const compressed = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped === null) return compressed;
  const [high, low] = [mapped[1], mapped[2]].map((group) => parseInt(group ?? '', 16));
  return [high, low].flatMap((group = 0) => [group >> 8, group & 255]).join('.');
}
