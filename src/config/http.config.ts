import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { boolean, entries, host, isAddress, kind, port, type Kind } from './kinds.js';
import { optional, setting } from './setting.js';
import { slice } from './slice.js';

/** Whose forwarded headers are believed when the client's address is worked out. */
type TrustProxy =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'networks'; readonly networks: readonly string[] };

const MOST_HOPS = 32;

const schema = z.object({
  host: setting(
    'HOST',
    host(),
    { trial: '127.0.0.1', production: '0.0.0.0' },
    {
      meaning: 'Address to listen on.',
      effect: '127.0.0.1 is reached from the same machine only.',
    },
  ),
  port: setting('PORT', port(), '3000', {
    meaning: 'Port of the API.',
    effect: '`0` takes any free port.',
  }),
  managementPort: optional('MANAGEMENT_PORT', port(), 'no second port', {
    meaning: 'A second port, for `/health/*` and `/metrics`.',
    effect: 'In production `/metrics` is found only there, so without it there is none.',
  }),
  trustProxy: setting('TRUST_PROXY', trustProxy(), 'none', {
    meaning: "Proxies in front whose forwarded headers tell the client's address.",
    effect:
      'Too little and all clients share one attempt limit; too much and a client can claim any address.',
  }),
  corsOrigins: optional('CORS_ORIGINS', origins(), 'no other origin', {
    meaning: 'Web origins whose pages may call the API.',
    effect: 'Browsers refuse pages of any other origin.',
  }),
  docsEnabled: setting(
    'DOCS_ENABLED',
    boolean(),
    { trial: 'true', production: 'false' },
    {
      meaning: 'Whether `/docs` and `/openapi.*` are served.',
      effect: 'Shows anyone who reaches the port what the API offers.',
    },
  ),
});

export const httpConfig = slice(
  'http',
  { title: 'HTTP', schema },
  ({ corsOrigins = [], ...values }, environment) => {
    const { port: api, managementPort } = values;
    if (api !== 0 && api === managementPort && environment.trusts('MANAGEMENT_PORT', 'PORT')) {
      environment.refuse('MANAGEMENT_PORT', 'is the same as PORT: choose another port');
    }
    return { ...values, corsOrigins };
  },
);

function trustProxy(): Kind<TrustProxy> {
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

/** Origins exactly as browsers send them, so that comparing is string equality. */
function origins(): Kind<readonly string[]> {
  return kind('a comma-separated list of origins such as https://app.example.com', (text, refuse) => {
    const list = entries(text);
    if (list.includes('*')) return refuse('must name each origin: * would let any web page call the API');
    return list.length > 0 && list.every(isOrigin) ? [...new Set(list)] : refuse();
  });
}

function isOrigin(text: string): boolean {
  const { origin, protocol } = URL.parse(text) ?? {};
  return (protocol === 'https:' || protocol === 'http:') && origin === text && !text.includes('*');
}
