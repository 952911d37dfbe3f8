import { JwtService } from '@nestjs/jwt';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { rotateKeys } from '../keyring/key-rotation.js';
import { DAY, MINUTE, SECOND } from '../platform/time/clock.js';
import { forge, goodClaims, grant, startTokens } from '../../test/support/tokens/tokens.ts';

const parsed = (token: string, part: 0 | 1): unknown =>
  JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());

describe('an issued access token', () => {
  it('has exactly the header alg, typ and kid', async () => {
    const { tokens, clock, kid } = await startTokens();
    const { token } = tokens.issue(grant(clock));
    expect(parsed(token, 0)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid });
  });

  it('has exactly the claims iss, aud, sub, sid, jti, iat and exp', async () => {
    const { tokens, clock } = await startTokens();
    const given = grant(clock);
    const { token } = tokens.issue(given);
    const now = Math.floor(clock.now() / SECOND);
    expect(parsed(token, 1)).toEqual({
      iss: 'https://id.example',
      aud: 'apis',
      sub: given.userId,
      sid: given.id,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      iat: now,
      exp: now + 900,
    });
  });

  it('tells its exp to the millisecond', async () => {
    const { tokens, clock } = await startTokens();
    const { token, expiresAt } = tokens.issue(grant(clock));
    expect(parsed(token, 1)).toMatchObject({ exp: expiresAt / SECOND });
    expect(new Date(expiresAt).toISOString()).toBe('2026-11-22T08:47:48.000Z');
  });

  it('never outlives its session', async () => {
    const { tokens, clock } = await startTokens();
    const { token, expiresAt } = tokens.issue(grant(clock, 90_500));
    expect(expiresAt).toBe(Math.floor((clock.now() + 90_500) / SECOND) * SECOND);
    clock.time = expiresAt - 1;
    expect(tokens.verify(token)).toBeDefined();
    clock.time = expiresAt;
    expect(tokens.verify(token)).toBeUndefined();
  });

  it('is short', async () => {
    const { tokens, clock } = await startTokens();
    expect(tokens.issue(grant(clock)).token.length).toBeLessThan(500);
  });

  it('has an id of its own', async () => {
    const { tokens, clock } = await startTokens();
    const given = grant(clock);
    const ids = Array.from(
      { length: 50 },
      () => (parsed(tokens.issue(given).token, 1) as { jti: string }).jti,
    );
    expect(new Set(ids).size).toBe(50);
  });
});

describe('verification', () => {
  it('gives back what was issued', async () => {
    const { tokens, clock } = await startTokens();
    const given = grant(clock);
    const { token, expiresAt } = tokens.issue(given);
    expect(tokens.verify(token)).toEqual({
      userId: given.userId,
      sessionId: given.id,
      tokenId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      issuedAt: Math.floor(clock.now() / 1_000) * 1_000,
      expiresAt,
    });
  });

  it('ends at exp by the injected clock', async () => {
    const { tokens, clock } = await startTokens({ accessTtl: 15 * MINUTE });
    const { token, expiresAt } = tokens.issue(grant(clock));
    clock.time = expiresAt - 1;
    expect(tokens.verify(token)).toBeDefined();
    clock.time = expiresAt;
    expect(tokens.verify(token)).toBeUndefined();
    clock.time = expiresAt + 365 * DAY;
    expect(tokens.verify(token)).toBeUndefined();
  });

  it('verifies the signature of a token once for as long as the keys stay what they are', async () => {
    const { tokens, keys, clock, file } = await startTokens();
    const signature = vi.spyOn(JwtService.prototype, 'verify');
    onTestFinished(() => signature.mockRestore());
    const { token } = tokens.issue(grant(clock));
    const claims = tokens.verify(token);
    expect(tokens.verify(token)).toEqual(claims);
    expect(signature).toHaveBeenCalledTimes(1);
    keys.reread();
    expect(tokens.verify(token)).toEqual(claims);
    expect(signature).toHaveBeenCalledTimes(1);
    await rotateKeys(file, { now: clock.now(), force: true });
    keys.reread();
    expect(tokens.verify(token)).toEqual(claims);
    expect(signature).toHaveBeenCalledTimes(2);
  });

  it('remembers no token that it refused', async () => {
    const { tokens, clock } = await startTokens();
    const token = `${tokens.issue(grant(clock)).token.slice(0, -86)}${'A'.repeat(86)}`;
    expect([tokens.verify(token), tokens.verify(token)]).toEqual([undefined, undefined]);
  });

  it('accepts a token from a replica whose clock is two minutes ahead', async () => {
    const { tokens, clock } = await startTokens();
    const { token } = tokens.issue(grant(clock));
    clock.time -= 120 * SECOND;
    expect(tokens.verify(token)).toBeDefined();
  });

  it('accepts what another library writes with the same key: other order, further claims', async () => {
    const { tokens, clock, kid, privateKey } = await startTokens();
    const header = { typ: 'at+jwt', kid, alg: 'ES256' };
    expect(tokens.verify(forge(header, { ...goodClaims(clock), extra: true }, privateKey))).toBeDefined();
  });

  it('works in any time zone', async () => {
    const { tokens, clock } = await startTokens();
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const zone of ['Asia/Shanghai', 'America/St_Johns', 'Pacific/Apia']) {
      vi.stubEnv('TZ', zone);
      const { token, expiresAt } = tokens.issue(grant(clock));
      expect(expiresAt).toBe(Date.UTC(2026, 10, 22, 8, 47, 48));
      expect(tokens.verify(token)).toBeDefined();
    }
  });
});
