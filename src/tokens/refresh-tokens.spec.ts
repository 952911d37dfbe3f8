import { describe, expect, it } from 'vitest';
import { newRefreshToken, refreshDigest } from './refresh-tokens.js';

describe('refresh tokens', () => {
  it('carry a readable prefix and 256 random bits', () => {
    const { token } = newRefreshToken();
    expect(token).toMatch(/^gatehouse_rt_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(token.slice('gatehouse_rt_'.length), 'base64url')).toHaveLength(32);
  });

  it('do not repeat', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newRefreshToken().token)).size).toBe(1_000);
  });

  it('are found by a digest that does not contain them', () => {
    const { token, digest } = newRefreshToken();
    expect(digest).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(refreshDigest(token)).toBe(digest);
    expect(digest).not.toContain(token.slice('gatehouse_rt_'.length));
  });

  it('are compared exactly as sent', () => {
    const { token, digest } = newRefreshToken();
    for (const other of [
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
      token.slice(0, -1),
      `${token}=`,
      '',
    ]) {
      expect(refreshDigest(other)).not.toBe(digest);
    }
  });

  it('have a digest whatever the text', () => {
    for (const text of ['', '\ud800', '😀'.repeat(128), 'x'.repeat(100_000), "' OR 1=1 --"]) {
      expect(refreshDigest(text)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    }
  });
});
