import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgedBodies } from '../../../test/support/tokens/forged-bodies.ts';
import { forgedHeaders } from '../../../test/support/tokens/forged-headers.ts';
import { forge, goodClaims, TestClock, type Scene } from '../../../test/support/tokens/tokens.ts';
import { bearerToken, createVerifier, Refused, type Verifier } from '../src/index.ts';
import { AUDIENCE, ISSUER, StandIn } from './stand-in.ts';
import { outcome } from './scene.ts';

let gatehouse: StandIn;
let verifier: Verifier;
let scene: Scene;

beforeAll(async () => {
  gatehouse = new StandIn();
  await gatehouse.start();
  const clock = new TestClock();
  const claims = goodClaims(clock);
  // So far after the token was made that the tolerance is over for those that end when they begin.
  const now = (): number => clock.now() + 31_000;
  verifier = createVerifier({ url: gatehouse.url, issuer: ISSUER, audience: AUDIENCE, now });
  const [key] = gatehouse.keys;
  if (key === undefined) throw new Error('no key');
  const header = { alg: 'ES256', typ: 'at+jwt', kid: key.kid };
  scene = { header, claims, key: key.privateKey, good: forge(header, claims, key.privateKey) };
});
afterAll(async () => {
  verifier.close();
  await gatehouse.stop();
});

/** Numbers from a seed, so that a failure can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('a forged access token', () => {
  it('is forged from one that is accepted', async () => {
    expect(await verifier.verify(scene.good)).toEqual({
      userId: scene.claims.sub,
      sessionId: scene.claims.sid,
      expiresAt: scene.claims.exp * 1_000,
    });
  });

  it.each(Object.entries({ ...forgedHeaders, ...forgedBodies }))('is refused: %s', async (_name, make) => {
    expect(await outcome(verifier, make(scene))).toBe('invalid_token');
  });

  it('is refused whichever character is altered', async () => {
    for (let i = 0; i < scene.good.length; i++) {
      const altered = scene.good.slice(0, i) + (scene.good[i] === 'A' ? 'B' : 'A') + scene.good.slice(i + 1);
      expect(await outcome(verifier, altered)).toBe('invalid_token');
    }
  });

  it.each([undefined, null, 0, {}, [], Symbol('x')])('is refused when it is no text: %s', async (value) => {
    expect(await outcome(verifier, value as string)).toBe('invalid_token');
  });

  it('is refused by a verifier for another audience or issuer', async () => {
    const now = (): number => scene.claims.iat * 1_000;
    for (const other of [{ audience: 'others' }, { issuer: 'https://other.example' }]) {
      const options = { url: gatehouse.url, issuer: ISSUER, audience: AUDIENCE, now, ...other };
      const stranger = createVerifier(options);
      expect(await outcome(stranger, scene.good)).toBe('invalid_token');
      stranger.close();
    }
  });
});

describe('an Authorization header', () => {
  const reasonOf = (rawHeaders: readonly string[]): string => {
    try {
      return bearerToken(rawHeaders);
    } catch (error) {
      return error instanceof Refused ? error.reason : 'another error';
    }
  };

  it('is taken in any case of its name and scheme', () => {
    expect(reasonOf(['host', 'x', 'AUTHORIZATION', 'bEARER a.b.c'])).toBe('a.b.c');
  });

  it.each([
    ['none', ['host', 'x'], 'no_token'],
    ['another scheme', ['authorization', 'Basic YTpi'], 'no_token'],
    ['two of them', ['Authorization', 'Bearer a.b.c', 'authorization', 'Bearer a.b.c'], 'invalid_token'],
    ['two blanks', ['authorization', 'Bearer  a.b.c'], 'invalid_token'],
    ['two tokens', ['authorization', 'Bearer a.b.c, Bearer a.b.c'], 'invalid_token'],
    ['no token behind the scheme', ['authorization', 'Bearer'], 'invalid_token'],
    ['a key', ['authorization', `Bearer gatehouse_key_${'0'.repeat(49)}`], 'invalid_token'],
    ['a token that is too long', ['authorization', `Bearer a.${'b'.repeat(5_000)}.c`], 'invalid_token'],
  ])('is refused: %s', (_name, rawHeaders, reason) => {
    expect(reasonOf(rawHeaders)).toBe(reason);
  });

  it('of 100 000 made-up ones throws nothing but refusals and holds nobody up', async () => {
    const random = randomFrom(20_261_122);
    const alphabet = `ABCxyz0189-_.=+/ \t\0"{}[]:,é．ｅ${String.fromCharCode(0xd800)}`;
    const spoil = (text: string): string => {
      const at = random(text.length + 1);
      const noise = Array.from({ length: random(6) }, () => alphabet[random(alphabet.length)]).join('');
      return text.slice(0, at) + noise + text.slice(at + random(4));
    };
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const outcomes = new Map<string, number>();
    // Warm, so that compiling the code is not what is measured.
    for (let i = 0; i < 100_000; i++) {
      if (i === 5_000) delay.enable();
      const header = JSON.stringify({ ...scene.header, ...(random(3) === 0 ? { x: spoil('') } : {}) });
      const head = Buffer.from(random(2) === 0 ? spoil(header) : header).toString('base64url');
      const token = random(3) === 0 ? [head, ...scene.good.split('.').slice(1)].join('.') : scene.good;
      const value = spoil(random(4) === 0 ? `Bearer ${token}` : `Bearer ${spoil(token)}`);
      let result = reasonOf(['authorization', value]);
      if (result.includes('.')) result = await outcome(verifier, result);
      outcomes.set(result, (outcomes.get(result) ?? 0) + 1);
      if (i % 20 === 0) await new Promise(setImmediate);
    }
    delay.disable();
    expect([...outcomes.keys()].sort()).toEqual(['accepted', 'invalid_token', 'no_token']);
    // Not the longest of all: other tests run on the same cores.
    expect(delay.percentile(99) / 1e6).toBeLessThan(20);
    expect(gatehouse.count('/.well-known/jwks.json')).toBeLessThanOrEqual(4);
  }, 60_000);
});
