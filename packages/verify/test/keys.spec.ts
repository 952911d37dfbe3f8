import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forge } from '../../../test/support/tokens/tokens.ts';
import type { Stale } from '../src/index.ts';
import { outcome, start } from './scene.ts';
import type { StandIn } from './stand-in.ts';

const JWKS = '/.well-known/jwks.json';

function withKid(gatehouse: StandIn, kid: string): string {
  const [key] = gatehouse.keys;
  if (key === undefined) throw new Error('no key');
  return forge({ alg: 'ES256', typ: 'at+jwt', kid }, { sub: randomUUID() }, key.privateKey);
}

describe('the keys', () => {
  it('are fetched once for all who ask first', async () => {
    const { gatehouse, verifier } = await start();
    const kit = verifier();
    const { token } = gatehouse.signIn();
    const all = await Promise.all(Array.from({ length: 200 }, () => outcome(kit, token)));
    expect(new Set(all)).toEqual(new Set(['accepted']));
    expect(gatehouse.count(JWKS)).toBe(1);
  });

  it('are fetched at most once in 30 seconds for 10 000 made-up ids', async () => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier();
    await outcome(kit, gatehouse.signIn().token);
    for (let minute = 0; minute < 2; minute++) {
      const before = gatehouse.count(JWKS);
      const made = Array.from({ length: 5_000 }, () => withKid(gatehouse, randomUUID()));
      const all = await Promise.all(made.map((token) => outcome(kit, token)));
      expect(new Set(all)).toEqual(new Set(['invalid_token']));
      expect(gatehouse.count(JWKS) - before).toBe(1);
      clock.advance(31);
    }
  });

  it('rotate under load without a refusal; a retired one is refused after five minutes', async () => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier();
    const old = gatehouse.signIn();
    const refused: string[] = [];
    for (let round = 0; round < 20; round++) {
      if (round === 5) gatehouse.addKey();
      const all = [old.token, ...Array.from({ length: 9 }, () => gatehouse.signIn().token)];
      for (const result of await Promise.all(all.map((token) => outcome(kit, token))))
        if (result !== 'accepted') refused.push(result);
    }
    expect(refused).toEqual([]);
    expect(gatehouse.count(JWKS)).toBe(2);

    gatehouse.keys = gatehouse.keys.slice(1);
    clock.advance(300);
    // The first asks for the keys beside its request, so it may still get through.
    await outcome(kit, old.token);
    await expect.poll(() => outcome(kit, old.token)).toBe('invalid_token');
    expect(await outcome(kit, gatehouse.signIn().token)).toBe('accepted');
  });

  it('stay through an outage of 30 minutes, of which the owner hears, and are fresh after it', async () => {
    const { gatehouse, clock, verifier } = await start();
    const stale: Stale[] = [];
    const kit = verifier({ onStale: (told) => stale.push(told) });
    const session = gatehouse.signIn();
    expect(await outcome(kit, session.token)).toBe('accepted');
    await gatehouse.stop();
    for (let minute = 0; minute < 30; minute++) {
      clock.advance(60);
      expect(await outcome(kit, gatehouse.token(session))).toBe('accepted');
      await sleep(5);
    }
    expect(stale.length).toBeGreaterThanOrEqual(20);
    expect(stale.at(-1)?.ageSeconds).toBeGreaterThanOrEqual(29 * 60);
    // It may be of a new key, so nobody is told to sign in again.
    expect(await outcome(kit, withKid(gatehouse, 'new'))).toBe('Unavailable');

    gatehouse.keys = [];
    gatehouse.addKey();
    await gatehouse.start();
    clock.advance(31);
    expect(await outcome(kit, gatehouse.token(session))).toBe('accepted');
    expect(await outcome(kit, withKid(gatehouse, 'new'))).toBe('invalid_token');
  });

  it('are not used when they are older than a day', async () => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier();
    const session = gatehouse.signIn();
    expect(await outcome(kit, session.token)).toBe('accepted');
    await gatehouse.stop();
    clock.advance(86_401);
    const { token } = { token: gatehouse.token(session) };
    expect(await outcome(kit, token)).toBe('Unavailable');
    await gatehouse.start();
    clock.advance(2);
    expect(await outcome(kit, token)).toBe('accepted');
  });

  it('that were never there make requests wait and not fail for good', async () => {
    const { gatehouse, clock, verifier } = await start();
    await gatehouse.stop();
    const kit = verifier();
    const { token } = gatehouse.signIn();
    const all = await Promise.all(Array.from({ length: 50 }, () => outcome(kit, token)));
    expect(new Set(all)).toEqual(new Set(['Unavailable']));
    await gatehouse.start();
    clock.advance(2);
    expect(await outcome(kit, token)).toBe('accepted');
  });

  it.each([
    ['an empty set', '{"keys":[]}'],
    ['no JSON', '<html>'],
    ['another object', '{"code":0}'],
    [
      'keys of other kinds',
      '{"keys":[{"kty":"RSA","kid":"a","n":"x","e":"AQAB"},{"kty":"oct","k":"x"},null]}',
    ],
    ['a point that is on no curve', '{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AA","y":"AA"}]}'],
  ])('are not replaced by %s', async (_name, body) => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier();
    const session = gatehouse.signIn();
    expect(await outcome(kit, session.token)).toBe('accepted');
    gatehouse.broken = (_request, response) => void response.writeHead(200).end(body);
    clock.advance(301);
    for (let i = 0; i < 5; i++) {
      expect(await outcome(kit, gatehouse.token(session))).toBe('accepted');
      await sleep(10);
    }
    expect(gatehouse.count(JWKS)).toBe(2);
  });

  it('end a remembered token when they change under the same id', async () => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier();
    const session = gatehouse.signIn();
    expect(await outcome(kit, session.token)).toBe('accepted');
    const [before] = gatehouse.keys;
    gatehouse.keys = [];
    const kid = gatehouse.addKey();
    const [after] = gatehouse.keys;
    gatehouse.keys = gatehouse.keys.map((key) => ({ ...key, kid, jwk: { ...key.jwk, kid: before?.kid } }));
    expect(after?.kid).not.toBe(before?.kid);
    clock.advance(301);
    await outcome(kit, session.token);
    await expect.poll(() => outcome(kit, session.token)).toBe('invalid_token');
  });
});

describe('a token', () => {
  it('is accepted for 30 seconds after its end, and not longer, remembered or new', async () => {
    const { gatehouse, clock, verifier } = await start();
    const kit = verifier();
    const session = gatehouse.signIn();
    const token = gatehouse.token(session, 60);
    expect(await outcome(kit, token)).toBe('accepted');
    clock.advance(88);
    expect(await outcome(kit, token)).toBe('accepted');
    expect(await outcome(verifier(), token)).toBe('accepted');
    clock.advance(3);
    expect(await outcome(kit, token)).toBe('invalid_token');
    expect(await outcome(verifier(), token)).toBe('invalid_token');
  });
});
