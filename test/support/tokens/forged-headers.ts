import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { forge, type Forgery, type Scene } from './tokens.ts';

/** A header that is not ours, over good claims, signed with our very key. */
const withHeader = (change: object | ((header: Scene['header']) => unknown)): Forgery => {
  return ({ header, claims, key }) =>
    forge(typeof change === 'function' ? change(header) : { ...header, ...change }, claims, key);
};

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'pem' });

/** Tokens with another algorithm, key or header than ours. */
export const forgedHeaders: Record<string, Forgery> = {
  // the algorithm
  'alg none, no signature': ({ header, claims }) => forge({ ...header, alg: 'none' }, claims, () => ''),
  'alg none, our signature': withHeader({ alg: 'none' }),
  'alg nOnE': ({ header, claims }) => forge({ ...header, alg: 'nOnE' }, claims, () => ''),
  'HS256 with our public key as the secret': ({ header, claims, key }) =>
    forge({ ...header, alg: 'HS256' }, claims, (input) =>
      createHmac('sha256', spki(key)).update(input).digest(),
    ),
  'HS256 under the name ES256': ({ header, claims, key }) =>
    forge(header, claims, (input) => createHmac('sha256', spki(key)).update(input).digest()),
  'HS512 under the name ES256': ({ header, claims, key }) =>
    forge(header, claims, (input) => createHmac('sha512', spki(key)).update(input).digest()),
  'ES384 by a P-384 key': ({ header, claims }) =>
    forge({ ...header, alg: 'ES384' }, claims, (input) =>
      sign('sha384', input, { key: p384.privateKey, dsaEncoding: 'ieee-p1363' }),
    ),
  'ES384 by our key': ({ header, claims, key }) =>
    forge({ ...header, alg: 'ES384' }, claims, (input) =>
      sign('sha384', input, { key, dsaEncoding: 'ieee-p1363' }),
    ),
  'SHA-512 under the name ES256': ({ header, claims, key }) =>
    forge(header, claims, (input) => sign('sha512', input, { key, dsaEncoding: 'ieee-p1363' })),
  RS256: ({ header, claims }) =>
    forge({ ...header, alg: 'RS256' }, claims, (input) => sign('sha256', input, rsa.privateKey)),
  EdDSA: withHeader({ alg: 'EdDSA' }),
  'alg in lower case': withHeader({ alg: 'es256' }),
  'alg as an array': withHeader({ alg: ['ES256'] }),
  'no alg': withHeader({ alg: undefined }),
  // the key
  'another P-256 key under our kid': ({ header, claims }) => forge(header, claims, otherKey.privateKey),
  'an unknown kid': withHeader({ kid: 'f'.repeat(32) }),
  'a kid that climbs folders': withHeader({ kid: '../../../../dev/null' }),
  'a kid that injects SQL': withHeader({ kid: "x' UNION SELECT 'secret" }),
  'kid __proto__': withHeader({ kid: '__proto__' }),
  'kid constructor': withHeader({ kid: 'constructor' }),
  'kid as an array': withHeader((header) => ({ ...header, kid: [header.kid] })),
  'kid as a number': withHeader({ kid: 0 }),
  'kid null': withHeader({ kid: null }),
  'an empty kid': withHeader({ kid: '' }),
  'a kid with a trailing null byte': withHeader((header) => ({ ...header, kid: `${header.kid}\0` })),
  'no kid': withHeader({ kid: undefined }),
  'a jwk of its own': ({ header, claims }) =>
    forge({ ...header, jwk: otherKey.publicKey.export({ format: 'jwk' }) }, claims, otherKey.privateKey),
  'a jwk instead of a kid': ({ header, claims }) =>
    forge(
      { ...header, kid: undefined, jwk: otherKey.publicKey.export({ format: 'jwk' }) },
      claims,
      otherKey.privateKey,
    ),
  // the header
  'a jku': withHeader({ jku: 'https://evil.example/jwks.json' }),
  'an x5u': withHeader({ x5u: 'https://evil.example/cert.pem' }),
  'an x5c': withHeader({ x5c: ['MIIB'] }),
  'an x5t': withHeader({ x5t: 'abc' }),
  crit: withHeader({ crit: ['exp'] }),
  'an empty crit': withHeader({ crit: [] }),
  'b64 false': withHeader({ b64: false, crit: ['b64'] }),
  zip: withHeader({ zip: 'DEF' }),
  enc: withHeader({ enc: 'A256GCM' }),
  cty: withHeader({ cty: 'JWT' }),
  'an unknown member': withHeader({ x: 1 }),
  'typ JWT': withHeader({ typ: 'JWT' }),
  'typ in upper case': withHeader({ typ: 'AT+JWT' }),
  'typ with its media type': withHeader({ typ: 'application/at+jwt' }),
  'the typ of an ID token': withHeader({ typ: 'id+jwt' }),
  'no typ': withHeader({ typ: undefined }),
  'alg twice, ours last': withHeader(
    ({ kid }) => `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${kid}"}`,
  ),
  'kid twice, ours last': withHeader(({ kid }) => `{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"${kid}"}`),
  'blanks in the header': withHeader((header) => JSON.stringify(header, null, 1)),
  'escapes in the header': withHeader(({ kid }) => `{"\\u0061lg":"ES256","typ":"at+jwt","kid":"${kid}"}`),
  'a byte order mark': withHeader((header) => `\ufeff${JSON.stringify(header)}`),
  'bad UTF-8 in the header': ({ header, claims, key }) =>
    forge(header, claims, key).replace(/^[^.]+/, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64url')),
  'an array as header': withHeader((header) => Object.values(header)),
  'a text as header': withHeader(() => '"ES256"'),
  'null as header': withHeader(() => 'null'),
  'no JSON as header': withHeader(() => 'ES256'),
  '__proto__ in the header': withHeader(
    ({ kid }) => `{"__proto__":{"alg":"ES256","typ":"at+jwt","kid":"${kid}"},"a":1,"b":2}`,
  ),
};
