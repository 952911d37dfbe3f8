import { Strategy } from 'passport-jwt';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AccessTokens } from './access-tokens.js';
import { bearerToken } from './bearer.js';
import { forgedBodies } from './forged-bodies.spec-support.js';
import { forgedHeaders } from './forged-headers.spec-support.js';
import { forge, goodClaims, startTokens, type Scene } from './tokens.spec-support.js';

let tokens: AccessTokens;
let scene: Scene;

beforeAll(async () => {
  const started = await startTokens();
  tokens = started.tokens;
  const header = { alg: 'ES256', typ: 'at+jwt', kid: started.kid };
  const claims = goodClaims(started.clock);
  scene = { header, claims, key: started.privateKey, good: forge(header, claims, started.privateKey) };
});

/** What the guard will do with a token: passport-jwt over the same three functions. */
function throughPassport(token: string): unknown {
  const answers: unknown[] = [];
  const strategy = new Strategy(
    {
      jwtFromRequest: (request) => bearerToken(request.headers.authorization),
      secretOrKeyProvider: (_request: unknown, raw: string, done: (error: unknown, key?: never) => void) => {
        const key = tokens.keyFor(raw);
        done(key ? null : new Error('no access token of ours'), key as never);
      },
      algorithms: ['ES256'],
      ignoreExpiration: true,
    },
    (payload: unknown, done: (error: unknown, claims: unknown) => void) =>
      done(null, tokens.claimsOf(payload)),
  );
  const outcomes = {
    success: (claims: unknown) => answers.push(claims),
    fail: () => answers.push(undefined),
    error: (error: unknown) => answers.push({ error }),
  };
  Object.assign(strategy, outcomes).authenticate({ headers: { authorization: `Bearer ${token}` } } as never);
  expect(answers).toHaveLength(1);
  return answers[0];
}

describe('a forged access token', () => {
  it('is forged from one that is accepted', () => {
    expect(tokens.verify(scene.good)).toMatchObject({
      userId: scene.claims.sub,
      sessionId: scene.claims.sid,
    });
    expect(throughPassport(scene.good)).toEqual(tokens.verify(scene.good));
  });

  it.each(Object.entries({ ...forgedHeaders, ...forgedBodies }))('is refused: %s', (_name, make) => {
    const token = make(scene);
    expect(token).not.toBe(scene.good);
    expect(tokens.verify(token)).toBeUndefined();
    expect(throughPassport(token)).toBeUndefined();
  });

  it('is refused whichever character is altered', () => {
    for (let i = 0; i < scene.good.length; i++) {
      const altered = scene.good.slice(0, i) + (scene.good[i] === 'A' ? 'B' : 'A') + scene.good.slice(i + 1);
      expect(tokens.verify(altered)).toBeUndefined();
    }
  });

  it('is refused by its header before its signature is looked at', () => {
    for (const name of [
      'alg none, our signature',
      'typ JWT',
      'crit',
      'a jku',
      'an unknown kid',
      'kid as an array',
    ]) {
      expect(tokens.keyFor(forgedHeaders[name]?.(scene) ?? scene.good)).toBeUndefined();
    }
  });

  it('is refused by its claims when they are no JSON values at all', () => {
    for (const payload of [undefined, null, Number.NaN, 'x', 1, [], () => 0, Symbol('x'), new Date()]) {
      expect(tokens.claimsOf(payload)).toBeUndefined();
    }
    for (const exp of [Number.NaN, Infinity, -Infinity, 10n, new Number(9e9), {}]) {
      expect(tokens.claimsOf({ ...scene.claims, exp })).toBeUndefined();
    }
  });
});
