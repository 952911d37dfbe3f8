import { JwtService } from '@nestjs/jwt';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AccessTokens } from './access-tokens.js';
import { forgedBodies } from '../../test/support/tokens/forged-bodies.ts';
import { forgedHeaders } from '../../test/support/tokens/forged-headers.ts';
import {
  forge,
  goodClaims,
  grant,
  startTokens,
  TestClock,
  type Scene,
} from '../../test/support/tokens/tokens.ts';

let tokens: AccessTokens;
let scene: Scene;

beforeAll(async () => {
  const started = await startTokens();
  tokens = started.tokens;
  const header = { alg: 'ES256', typ: 'at+jwt', kid: started.kid };
  const claims = goodClaims(started.clock);
  scene = { header, claims, key: started.privateKey, good: forge(header, claims, started.privateKey) };
});

function watchSignatures() {
  const verify = vi.spyOn(JwtService.prototype, 'verify');
  onTestFinished(() => verify.mockRestore());
  return verify;
}

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
    const signature = watchSignatures();
    for (const name of [
      'alg none, our signature',
      'typ JWT',
      'crit',
      'a jku',
      'an unknown kid',
      'kid as an array',
    ]) {
      const forged = forgedHeaders[name]?.(scene);
      expect(forged === undefined ? scene.good : tokens.verify(forged)).toBeUndefined();
    }
    expect(signature).not.toHaveBeenCalled();
  });

  it('is refused by its claims when they are no JSON values at all', () => {
    const signature = watchSignatures();
    const refuses = (payload: unknown) => {
      signature.mockReturnValueOnce(payload as object);
      // A new one each time: a token that was verified is not verified again.
      expect(tokens.verify(tokens.issue(grant(new TestClock())).token)).toBeUndefined();
    };
    for (const payload of [undefined, null, Number.NaN, 'x', 1, [], () => 0, Symbol('x'), new Date()]) {
      refuses(payload);
    }
    for (const exp of [Number.NaN, Infinity, -Infinity, 10n, new Number(9e9), {}]) {
      refuses({ ...scene.claims, exp });
    }
    expect(signature).toHaveBeenCalledTimes(15);
  });
});
