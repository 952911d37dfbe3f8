import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newKey, parseKeys, serializeKeys, withStatus, type Key } from './key-set.js';

const NOW = Date.UTC(2026, 10, 25, 8);
const made = NOW / 1_000;

type Jwk = Record<string, unknown>;

/** A good key of each use, as the file has them, to be spoiled. */
function goodKeys(): { sig: Jwk; enc: Jwk } {
  const [sig = {}, enc = {}] = [newKey('sig', 'current', NOW), newKey('enc', 'current', NOW)].map(
    ({ jwk }) => ({ ...jwk }),
  );
  return { sig, enc };
}

const textOf = (...keys: readonly unknown[]) => JSON.stringify({ keys });

function problemOf(text: string): string {
  try {
    parseKeys(text, NOW);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}

describe('a new key', () => {
  it('for signing is a P-256 key whose id is its RFC 7638 thumbprint', () => {
    const { jwk, kid } = newKey('sig', 'next', NOW);
    expect(jwk).toMatchObject({
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      use: 'sig',
      iat: made,
      status: 'next',
    });
    expect(kid).toMatch(/^[\w-]{43}$/);
  });

  it('for sealing has 256 bits and an id that tells nothing of them', () => {
    const { jwk } = newKey('enc', 'current', NOW);
    expect(jwk).toMatchObject({
      kty: 'oct',
      use: 'enc',
      iat: made,
      kid: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(Buffer.from(String(jwk['k']), 'base64url')).toHaveLength(32);
  });

  it('never has an id that reads as an option', () => {
    for (let i = 0; i < 500; i++) expect(newKey('enc', 'next', NOW).kid).not.toMatch(/^-/);
  });
});

describe('the keys of a file', () => {
  it('are what was written, with the members that we do not know', () => {
    const { sig, enc } = goodKeys();
    const keys = parseKeys(textOf({ ...sig, 'x-note': 'from the vault' }, enc), NOW);
    expect(JSON.parse(serializeKeys(keys))).toEqual({
      keys: [
        { ...sig, 'x-note': 'from the vault', status_at: made },
        { ...enc, status_at: made },
      ],
    });
  });

  it('are ordered by use, by status, and by age', () => {
    const at = (use: 'sig' | 'enc', status: Key['status'], minutes: number) =>
      newKey(use, status, NOW + minutes * 60_000);
    const keys = [
      at('enc', 'current', 0),
      at('sig', 'previous', 0),
      at('sig', 'next', 2),
      at('sig', 'next', 1),
      at('sig', 'current', 3),
    ];
    const order = parseKeys(serializeKeys(keys), NOW).map(({ kid }) =>
      keys.findIndex((key) => key.kid === kid),
    );
    expect(order).toEqual([4, 3, 2, 1, 0]);
  });

  it('have their status since status_at, else since they were made, and a previous one since the file was written', () => {
    const { sig, enc } = goodKeys();
    const later = NOW + 3_600_000;
    const since = (jwk: Jwk) => parseKeys(textOf(jwk), later)[0]?.since;
    expect(since({ ...sig, status_at: made + 60 })).toBe(NOW + 60_000);
    expect(since(sig)).toBe(NOW);
    expect(since({ ...enc, status: 'next' })).toBe(NOW);
    expect(since({ ...enc, status: 'previous' })).toBe(later);
    const [moved] = parseKeys(serializeKeys([withStatus(newKey('sig', 'next', NOW), 'current', later)]), NOW);
    expect(moved).toMatchObject({ status: 'current', since: later });
  });

  it('keep the ids of earlier versions', () => {
    const kid = '0123456789abcdef0123456789abcdef';
    expect(parseKeys(textOf({ ...goodKeys().sig, kid }), NOW)[0]?.kid).toBe(kid);
  });

  it('may be none', () => {
    expect(parseKeys('{"keys":[]}', NOW)).toEqual([]);
  });
});

describe('refused', () => {
  it.each(['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":"x"}', '{"keys":[', 'sécrèt'])(
    'is what is no JWK set: %j',
    (text) =>
      expect(problemOf(text)).toMatch(/^It is no (JSON|JWK set: an object with the member "keys")\.$/),
  );

  const other = goodKeys().sig;
  const p384 = () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
  const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const signing: ReadonlyArray<readonly [string, (sig: Jwk) => unknown, string]> = [
    ['no object', () => 'a key', 'is no object'],
    ['a list', () => [], 'is no object'],
    ['without an id', ({ kid: _, ...jwk }) => jwk, 'has no kid'],
    ['with an id that is no text', (jwk) => ({ ...jwk, kid: 7 }), 'has no kid'],
    ['with an id of other characters', (jwk) => ({ ...jwk, kid: 'a.b' }), 'has no kid'],
    ['with too long an id', (jwk) => ({ ...jwk, kid: 'k'.repeat(65) }), 'has no kid'],
    ['without a status', ({ status: _, ...jwk }) => jwk, 'has another status'],
    ['of an unknown status', (jwk) => ({ ...jwk, status: 'retired' }), 'has another status'],
    ['without iat', ({ iat: _, ...jwk }) => jwk, 'has no iat'],
    ['with a broken iat', (jwk) => ({ ...jwk, iat: 1.5 }), 'has no iat'],
    ['with an iat before all', (jwk) => ({ ...jwk, iat: -1 }), 'has no iat'],
    ['with an iat after all', (jwk) => ({ ...jwk, iat: 1e300 }), 'has no iat'],
    ['with a status_at that is none', (jwk) => ({ ...jwk, status_at: '2026' }), 'has a status_at'],
    ['of an unknown use', (jwk) => ({ ...jwk, use: 'wrap' }), 'has another use'],
    ['without a use', ({ use: _, ...jwk }) => jwk, 'has another use'],
    ['of another type', (jwk) => ({ ...jwk, kty: 'OKP' }), 'no EC key on the curve P-256'],
    [
      'of RSA',
      ({ kid, status, iat }) => ({ ...rsa(), kid, status, iat, use: 'sig' }),
      'no EC key on the curve P-256',
    ],
    ['on another curve', (jwk) => ({ ...jwk, ...p384() }), 'no EC key on the curve P-256'],
    ['with the numbers of another curve', (jwk) => ({ ...jwk, ...p384(), crv: 'P-256' }), 'are not 32 bytes'],
    ['for another algorithm', (jwk) => ({ ...jwk, alg: 'ES384' }), 'its alg is not ES256'],
    ['of a public half alone', ({ d: _, ...jwk }) => jwk, 'has no private half'],
    ['with a number cut short', (jwk) => ({ ...jwk, d: String(jwk['d']).slice(0, -1) }), 'are not 32 bytes'],
    ['with padding', (jwk) => ({ ...jwk, x: `${String(jwk['x'])}=` }), 'are not 32 bytes'],
    ['with the private half of another', (jwk) => ({ ...jwk, d: other['d'] }), 'do not belong together'],
    [
      'with the public half of another',
      (jwk) => ({ ...jwk, x: other['x'], y: other['y'] }),
      'do not belong together',
    ],
    ['with a point that is not on the curve', (jwk) => ({ ...jwk, x: other['x'] }), 'do not belong together'],
    ['with zero as its private half', (jwk) => ({ ...jwk, d: 'A'.repeat(43) }), 'do not belong together'],
  ];
  it.each(signing)('is a signing key %s', (_name, spoil, problem) => {
    const { sig, enc } = goodKeys();
    const spoilt = spoil(sig);
    const message = problemOf(textOf(enc, spoilt));
    expect(message).toMatch(/^Key 2( \([\w-]+\))? (is|has) /);
    expect(message).toContain(problem);
    for (const secret of [sig['d'], other['d'], p384().d]) expect(message).not.toContain(String(secret));
  });

  const sealing: ReadonlyArray<readonly [string, (enc: Jwk) => unknown, string]> = [
    ['of another type', (jwk) => ({ ...jwk, kty: 'EC' }), 'no symmetric key'],
    ['without its bits', ({ k: _, ...jwk }) => jwk, 'is not 32 bytes'],
    ['of 128 bits', (jwk) => ({ ...jwk, k: String(jwk['k']).slice(0, 22) }), 'is not 32 bytes'],
    ['of 512 bits', (jwk) => ({ ...jwk, k: Buffer.alloc(64, 7).toString('base64url') }), 'is not 32 bytes'],
    ['in base64', (jwk) => ({ ...jwk, k: Buffer.alloc(32, 0xff).toString('base64') }), 'is not 32 bytes'],
    [
      'with stray bits behind the last byte',
      (jwk) => ({ ...jwk, k: `${'A'.repeat(42)}B` }),
      'is not 32 bytes',
    ],
  ];
  it.each(sealing)('is a sealing key %s', (_name, spoil, problem) => {
    const { sig, enc } = goodKeys();
    const message = problemOf(textOf(sig, spoil(enc)));
    expect(message).toMatch(/^Key 2 \([\w-]+\) is for enc, but /);
    expect(message).toContain(problem);
    expect(message).not.toContain(String(enc['k']));
  });

  it('are two current keys of one use, which are both named, and two keys of one id', () => {
    const [one, two] = [newKey('sig', 'current', NOW), newKey('sig', 'current', NOW)];
    const message = problemOf(textOf(one.jwk, two.jwk));
    expect(message).toContain('more than one current sig key');
    for (const { kid } of [one, two]) expect(message).toContain(kid);
    const { sig, enc } = goodKeys();
    expect(problemOf(textOf(sig, { ...enc, kid: sig['kid'] }))).toBe(
      `Two keys have the id ${String(sig['kid'])}.`,
    );
  });

  it('are all problems at once, a sentence each', () => {
    const { sig, enc } = goodKeys();
    const message = problemOf(textOf({ ...sig, status: 'old' }, { ...enc, k: 'short' }, null));
    expect(message.match(/Key [123]/g)).toEqual(['Key 1', 'Key 2', 'Key 3']);
  });
});
