import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isKeyToken, newKeyToken } from './key-tokens.js';
import { refreshDigest } from './refresh-tokens.js';

const PAGE = readFileSync(new URL('../../docs/keys.md', import.meta.url), 'utf8');
const KEYS = Array.from({ length: 10_000 }, () => newKeyToken().token);

/** The expressions of docs/keys.md: by itself, in the rule for gitleaks, in the pattern for GitHub. */
function expressions(): RegExp[] {
  const found = [...PAGE.matchAll(/\\bgatehouse_key_[^'`\s]*\\b|gatehouse_key_\[[^`\s]*\}/g)];
  return [...new Set(found.map(([text]) => text))].map((text) => new RegExp(text, 'g'));
}

describe('a key', () => {
  it('has 43 random characters and a checksum, and is known by its digest', () => {
    for (const token of KEYS) expect(isKeyToken(token)).toBe(true);
    expect(new Set(KEYS).size).toBe(KEYS.length);
    const { token, digest, hint } = newKeyToken();
    expect(token).toMatch(/^gatehouse_key_[0-9A-Za-z]{49}$/);
    expect(digest).toBe(refreshDigest(token));
    expect(hint).toBe(token.slice(-4));
  });

  it('with one character changed, doubled or lost is none', () => {
    for (const [index, token] of KEYS.entries()) {
      const at = 14 + (index % 49);
      const other = token[at] === 'a' ? 'b' : 'a';
      expect(isKeyToken(token.slice(0, at) + other + token.slice(at + 1))).toBe(false);
      expect(isKeyToken(token.slice(0, at) + token.slice(at + 1))).toBe(false);
      expect(isKeyToken(token.slice(0, at) + token.slice(at - 1))).toBe(false);
    }
    for (const text of ['', 'gatehouse_key_', KEYS[0]?.toUpperCase() ?? '', ` ${KEYS[0]}`, `${KEYS[0]}\n`])
      expect(isKeyToken(text)).toBe(false);
  });
});

describe('docs/keys.md', () => {
  it('finds every key among other text, whole', () => {
    expect(expressions().length).toBeGreaterThanOrEqual(2);
    for (const expression of expressions()) {
      for (const token of KEYS) {
        const found = `{"key":"${token}"} KEY=${token}\nurl?k=${token}&x Bearer ${token},`.match(expression);
        expect(found).toEqual([token, token, token, token]);
      }
    }
  });

  it('finds nothing in what nearly is a key, nor in random text', { timeout: 60_000 }, () => {
    const [expression] = expressions();
    if (expression === undefined) throw new Error('no expression');
    for (const [index, token] of KEYS.entries()) {
      const near =
        [token.slice(0, -1), `${token}x`, token.replace('_key', '_kay'), `x${token}`][index % 4] ?? '';
      expect(near.match(expression), near).toBeNull();
    }
    for (let n = 0; n < 64; n += 1)
      expect(randomBytes(1_000_000).toString('base64').match(expression)).toBeNull();
  });
});
