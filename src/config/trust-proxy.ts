import { isIPv4 } from 'node:net';
import { entries, isAddress, kind, type Kind } from './kinds.js';

/** Whose forwarded headers are believed when the client's address is worked out. */
export type TrustProxy =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'networks'; readonly networks: readonly string[] };

const MOST_HOPS = 32;

export function trustProxy(): Kind<TrustProxy> {
  const accepts = `none, a number of hops (1 to ${MOST_HOPS}), or a comma-separated list of addresses and CIDR networks`;
  return kind<TrustProxy>(accepts, (text, refuse) => {
    if (text === 'none' || text === '0') return { kind: 'none' };
    if (text === 'true') {
      return refuse('must name whom to trust: a number of proxies, or their addresses and CIDR networks');
    }
    if (/^[1-9][0-9]?$/.test(text)) {
      const hops = Number(text);
      return hops <= MOST_HOPS ? { kind: 'hops', hops } : refuse();
    }
    const networks = entries(text);
    if (networks.some((network) => network.endsWith('/0'))) {
      return refuse('must not hold a /0 network: every client could then claim any address');
    }
    return networks.length > 0 && networks.every(isNetwork) ? { kind: 'networks', networks } : refuse();
  });
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  if (!isAddress(address) || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128);
}
