import { describe, expect, it } from 'vitest';
import { codePoints, normalized } from './text.js';

describe('codePoints', () => {
  it('counts characters beyond the basic plane once, and an unpaired surrogate too', () => {
    expect(codePoints('a𝒳é\ud800')).toBe(4);
    expect(codePoints('')).toBe(0);
  });

  it('stops one beyond the limit', () => expect(codePoints('a'.repeat(100_000), 10)).toBe(11));
});

describe('normalized', () => {
  it('gives the form of a text within the limit, counted before', () => {
    expect(normalized('e\u0301', 'NFC', 2)).toBe('é');
    expect(normalized('\ufdfa', 'NFKC', 1)).toHaveLength(18);
  });

  it('does not look at a longer text', () => expect(normalized('e\u0301', 'NFC', 1)).toBeUndefined());
});
