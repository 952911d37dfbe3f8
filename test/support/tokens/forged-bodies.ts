import { sign } from 'node:crypto';
import { expect } from 'vitest';
import { newRefreshToken } from '../../../src/tokens/refresh-tokens.ts';
import { encode, forge, type Forgery, type Scene } from './tokens.ts';

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A good header over claims that are not ours, signed with our very key. */
const withClaims = (change: object | ((claims: Scene['claims']) => unknown)): Forgery => {
  return ({ header, claims, key }) =>
    forge(header, typeof change === 'function' ? change(claims) : { ...claims, ...change }, key);
};

const without = (claim: keyof Scene['claims']): Forgery => withClaims({ [claim]: undefined });

const withSignature = (change: (signature: Buffer) => Buffer): Forgery => {
  return ({ good }) => {
    const [head, body, signature = ''] = good.split('.');
    return `${head}.${body}.${change(Buffer.from(signature, 'base64url')).toString('base64url')}`;
  };
};

const part = (index: number, change: (text: string) => string): Forgery => {
  return ({ good }) =>
    good
      .split('.')
      .map((text, i) => (i === index ? change(text) : text))
      .join('.');
};

/** The same bytes by other padding bits in the last character. */
function strayBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(text.slice(-1));
  const twin = text.slice(0, -1) + alphabet[last + 1];
  expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(text, 'base64url'));
  return twin;
}

/** Tokens with other claims, another signature or another form than ours. */
export const forgedBodies: Record<string, Forgery> = {
  // the claims
  'no iss': without('iss'),
  'no aud': without('aud'),
  'no sub': without('sub'),
  'no sid': without('sid'),
  'no jti': without('jti'),
  'no iat': without('iat'),
  'no exp': without('exp'),
  'another iss': withClaims({ iss: 'https://id.example.evil' }),
  'iss with a slash more': withClaims({ iss: 'https://id.example/' }),
  'iss in an array': withClaims({ iss: ['https://id.example'] }),
  'another aud': withClaims({ aud: 'others' }),
  'aud in another case': withClaims({ aud: 'APIS' }),
  'aud in an array': withClaims({ aud: ['apis'] }),
  'aud among others': withClaims({ aud: ['others', 'apis'] }),
  'sub as a number': withClaims({ sub: 1 }),
  'sub as an object': withClaims({ sub: { $ne: null } }),
  'sub in an array': withClaims((claims) => ({ ...claims, sub: [claims.sub] })),
  'sub that is no UUID': withClaims({ sub: 'admin' }),
  'sub in upper case': withClaims((claims) => ({ ...claims, sub: claims.sub.toUpperCase() })),
  'an empty sub': withClaims({ sub: '' }),
  'sid null': withClaims({ sid: null }),
  'sid true': withClaims({ sid: true }),
  'sid with a trailing blank': withClaims((claims) => ({ ...claims, sid: `${claims.sid} ` })),
  'jti as a number': withClaims({ jti: 7 }),
  'an empty jti': withClaims({ jti: '' }),
  'iat as text': withClaims((claims) => ({ ...claims, iat: String(claims.iat) })),
  'iat null': withClaims({ iat: null }),
  'iat as a fraction': withClaims((claims) => ({ ...claims, iat: claims.iat + 0.5 })),
  'exp as text': withClaims((claims) => ({ ...claims, exp: String(claims.exp) })),
  'exp as a date': withClaims({ exp: '2099-01-01T00:00:00Z' }),
  'exp as a fraction': withClaims((claims) => ({ ...claims, exp: claims.exp + 0.5 })),
  'exp in an array': withClaims((claims) => ({ ...claims, exp: [claims.exp] })),
  'exp null': withClaims({ exp: null }),
  'exp true': withClaims({ exp: true }),
  'exp zero': withClaims({ exp: 0 }),
  'exp below zero': withClaims({ exp: -1 }),
  'exp past': withClaims((claims) => ({ ...claims, exp: claims.iat - 1 })),
  'exp now': withClaims((claims) => ({ ...claims, exp: claims.iat })),
  'exp infinite': withClaims((claims) => JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')),
  'exp beyond all dates': withClaims({ exp: 1e15 }),
  'nbf ahead': withClaims({ nbf: 32_503_680_000 }),
  'claims in __proto__': withClaims((claims) => `{"__proto__":${JSON.stringify(claims)}}`),
  'claims in an array': withClaims((claims) => [claims]),
  'claims null': withClaims(() => 'null'),
  'a text as claims': withClaims(() => '"admin"'),
  'a number as claims': withClaims(() => '1'),
  'claims that are no JSON': withClaims(() => 'admin'),
  // the signature
  'no signature': withSignature(() => Buffer.alloc(0)),
  'a signature of zeros': withSignature(() => Buffer.alloc(64)),
  'a signature of ones': withSignature(() => Buffer.alloc(64, 0xff)),
  'r zero': withSignature((signature) => Buffer.concat([Buffer.alloc(32), signature.subarray(32)])),
  's zero': withSignature((signature) => Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)])),
  'r and s at the order': withSignature(() => Buffer.from(P256_ORDER.toString(16).repeat(2), 'hex')),
  'r and s swapped': withSignature((signature) =>
    Buffer.concat([signature.subarray(32), signature.subarray(0, 32)]),
  ),
  'a flipped bit': withSignature((signature) =>
    Buffer.from(signature.map((byte, i) => (i === 40 ? byte ^ 1 : byte))),
  ),
  'a byte less': withSignature((signature) => signature.subarray(0, 63)),
  'a byte more': withSignature((signature) => Buffer.concat([signature, Buffer.alloc(1)])),
  'a DER signature': ({ header, claims, key }) =>
    forge(header, claims, (input) => sign('sha256', input, key)),
  'the signature of other claims': ({ header, claims, key, good }) => {
    const other = forge(header, { ...claims, sub: claims.sid }, key);
    return [...other.split('.').slice(0, 2), good.split('.')[2]].join('.');
  },
  // the text
  'stray bits in the signature': part(2, strayBits),
  'stray bits in the payload': ({ header, claims, key }) => {
    // made so that the payload's last character has bits to spare, and signed as it stands
    const padding = 'x'.repeat((3 - ((JSON.stringify({ ...claims, x: '' }).length + 2) % 3)) % 3);
    const [head, body = ''] = forge(header, { ...claims, x: padding }, key).split('.');
    const input = `${head}.${strayBits(body)}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  },
  'padding after the signature': part(2, (text) => `${text}==`),
  'padding after the header': part(0, (text) => `${text}=`),
  'the alphabet with + and /': ({ header, claims, key }) => {
    for (;;) {
      const token = forge(header, claims, key);
      const other = token.replaceAll('-', '+').replaceAll('_', '/');
      if (other !== token) return other;
    }
  },
  'a leading blank': ({ good }) => ` ${good}`,
  'a trailing newline': ({ good }) => `${good}\n`,
  'a blank inside': part(1, (text) => `${text.slice(0, 9)} ${text.slice(9)}`),
  'a null byte inside': part(1, (text) => `${text.slice(0, 9)}\0${text.slice(9)}`),
  'a full-width full stop': ({ good }) => good.replaceAll('.', '．'),
  'full-width letters': part(0, (text) => text.replace('e', 'ｅ')),
  'two parts': ({ good }) => good.split('.').slice(0, 2).join('.'),
  'four parts': ({ good }) => `${good}.x`,
  'five parts': ({ good }) => `${good}.x.y`,
  'a trailing dot': ({ good }) => `${good}.`,
  'an empty header': part(0, () => ''),
  'an empty payload': part(1, () => ''),
  'only dots': () => '..',
  nothing: () => '',
  'one token after the other': ({ good }) => `${good}${good}`,
  'JSON serialisation': ({ good }) => {
    const [head, body, signature] = good.split('.');
    return JSON.stringify({ protected: head, payload: body, signature });
  },
  'a huge token that is signed': withClaims({ x: 'x'.repeat(10_000) }),
  'ten megabytes': () => 'a'.repeat(10_000_000),
  'a million dots': () => '.'.repeat(1_000_000),
  'a refresh token': () => newRefreshToken().token,
  'a refresh token in three parts': () =>
    `gatehouse_rt_.${newRefreshToken().token}.${encode('x'.repeat(64))}`,
};
