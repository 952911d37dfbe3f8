import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { boolean, host, integer, isAddress, list, oneOf, port } from './kinds.js';
import { optional, setting, slice } from './slice.js';

/** Whose forwarded headers are believed when the client's address is worked out. */
const trustProxy = z
  .string()
  .regex(/^(?!true$)/, 'must name whom to trust: a number of proxies, or their addresses and CIDR networks')
  .regex(/^(?!.*\/0\s*(?:,|$))/, 'must not hold a /0 network: every client could then claim any address')
  .pipe(
    z.union([
      oneOf('none', '0').transform(() => ({ kind: 'none' }) as const),
      integer(1, 32).transform((hops) => ({ kind: 'hops', hops }) as const),
      list(isNetwork).transform((networks) => ({ kind: 'networks', networks }) as const),
    ]),
  )
  .describe('none, a number of hops (1 to 32), or a comma-separated list of addresses and CIDR networks');

const settings = {
  host: setting('HOST', host(), '127.0.0.1', {
    production: '0.0.0.0',
    meaning: 'Address to listen on.',
    effect: '127.0.0.1 is reached from the same machine only.',
  }),
  port: setting('PORT', port(), '3000', {
    meaning: 'Port of the API.',
    effect: '`0` takes any free port.',
  }),
  managementPort: optional('MANAGEMENT_PORT', port(), 'no second port', {
    meaning: 'A second port, for `/health/*` and `/metrics`.',
    effect: 'In production `/metrics` is found only there, so without it there is none.',
  }),
  trustProxy: setting('TRUST_PROXY', trustProxy, 'none', {
    meaning: "Proxies in front whose forwarded headers tell the client's address.",
    effect:
      'Too little and all clients share one attempt limit; too much and a client can claim any address.',
  }),
  corsOrigins: optional(
    'CORS_ORIGINS',
    z
      .string()
      .regex(/^[^*]*$/, 'must name each origin: * would let any web page call the API')
      .pipe(list(isOrigin))
      .describe('a comma-separated list of origins such as https://app.example.com'),
    'no other origin',
    {
      meaning: 'Web origins whose pages may call the API.',
      effect: 'Browsers refuse pages of any other origin.',
    },
  ),
  docsEnabled: setting('DOCS_ENABLED', boolean(), 'true', {
    production: 'false',
    meaning: 'Whether `/docs` and `/openapi.*` are served.',
    effect: 'Shows anyone who reaches the port what the API offers.',
  }),
};

export const httpConfig = slice('http', 'HTTP', settings, ({ corsOrigins = [], ...values }, environment) => {
  const { port: api, managementPort } = values;
  if (api !== 0 && api === managementPort) {
    environment.refuse('MANAGEMENT_PORT', 'is the same as PORT: choose another port', ['PORT']);
  }
  return { ...values, corsOrigins };
});

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  if (!isAddress(address) || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128);
}

/** Exactly as browsers send it, so that comparing is string equality. */
function isOrigin(text: string): boolean {
  const { origin, protocol } = URL.parse(text) ?? {};
  return (protocol === 'https:' || protocol === 'http:') && origin === text;
}
