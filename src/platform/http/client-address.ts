import { BlockList, isIP, isIPv6 } from 'node:net';
import { currentRequest } from '../context/request-context.js';

/**
 * The canonical form of a client's address: IPv4-mapped IPv6 as IPv4, no zone, no port. What is no address (a
 * forwarded header can say anything) is replaced by the peer's own, and that is empty once the client has reset the
 * connection.
 *
 * @param claimed what the trusted proxies say, or the peer itself
 * @param peer the socket's remote address
 */
export function clientAddress(claimed: string | undefined, peer: string | undefined): string {
  return canonicalAddress(claimed) ?? canonicalAddress(peer) ?? '';
}

/**
 * The address as RFC 5952 writes it; some proxies add the port (Azure, IIS), which is left out.
 *
 * @returns undefined when the text is no address
 */
export function canonicalAddress(text = ''): string | undefined {
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, '');
  const family = isIP(address);
  if (family !== 6) return family === 4 ? address : undefined;
  // The URL parser compresses IPv6 as RFC 5952 says, and writes mapped addresses as two hexadecimal groups.
  const compressed = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(compressed);
  if (mapped === null) return compressed;
  const [high, low] = [mapped[1], mapped[2]].map((group) => parseInt(group ?? '', 16));
  return [high, low].flatMap((group = 0) => [group >> 8, group & 255]).join('.');
}

/** `[2001:db8::1]:4711`, `[2001:db8::1]` or `203.0.113.7:4711`. */
const WITH_PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;

/**
 * Tells whether an address belongs to one of these networks, as proxies that are believed do.
 *
 * @param networks addresses and CIDR networks
 */
export function belongsTo(networks: readonly string[]): (address: string | undefined) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (text) => {
    const address = canonicalAddress(text);
    return address !== undefined && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  };
}

/** Whether a text is an address or a CIDR network, such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    prefix === undefined || (/^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
  );
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

/** Whether the client of the request being served is in one of these networks; with none, whether it is anywhere. */
export function isClientIn(networks: readonly string[]): boolean {
  return networks.length === 0 || belongsTo(networks)(currentRequest().clientAddress);
}

/** Whether an address belongs to a private network, where a peer is more likely a proxy than a client. */
export const isPrivateAddress = belongsTo([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '::1',
  'fc00::/7',
  'fe80::/10',
]);
