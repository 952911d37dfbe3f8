import { beforeAll, describe, expect, it } from 'vitest';
import type { AccessTokens } from './access-tokens.js';
import { keyIdOf } from './bearer.js';
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

describe('a forged access token', () => {
  it('is forged from one that is accepted', () => {
    expect(tokens.verify(scene.good)).toMatchObject({
      userId: scene.claims.sub,
      sessionId: scene.claims.sid,
    });
  });

  it.each(Object.entries({ ...forgedHeaders, ...forgedBodies }))('is refused: %s', (_name, make) => {
    const token = make(scene);
    expect(token).not.toBe(scene.good);
    expect(tokens.verify(token)).toBeUndefined();
  });

  it('is refused whichever character is altered', () => {
    for (let i = 0; i < scene.good.length; i++) {
      const altered = scene.good.slice(0, i) + (scene.good[i] === 'A' ? 'B' : 'A') + scene.good.slice(i + 1);
      expect(tokens.verify(altered)).toBeUndefined();
    }
  });

  it('is refused by its header before its signature is looked at', () => {
    for (const name of ['alg none, our signature', 'typ JWT', 'crit', 'a jku', 'kid as an array']) {
      expect(keyIdOf(forgedHeaders[name]?.(scene) ?? scene.good)).toBeUndefined();
    }
  });
});
