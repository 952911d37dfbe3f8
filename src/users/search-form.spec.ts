import { describe, expect, it } from 'vitest';
import { prefixRange, searchForm } from './search-form.js';

describe('searchForm', () => {
  it.each([
    ['Mei Lin', 'mei lin'],
    ['ＭＥＩ　Lin', 'mei lin'],
    ['Zoe\u0301', 'zo\u00e9'],
    ['ZOÉ', 'zoé'],
    ['张三', '张三'],
    ['İpek', 'i\u0307pek'],
  ])('folds %s', (text, form) => {
    expect(searchForm(text)).toBe(form);
  });

  it('keeps what fits the column, by code points', () => {
    expect([...searchForm('ﷺ'.repeat(128))]).toHaveLength(128);
    expect([...searchForm('𠮷'.repeat(200))]).toHaveLength(128);
  });
});

describe('prefixRange', () => {
  it.each(['ab', 'a%', 'a_', '张', '\ud7ff', '𠮷', 'a\u{10ffff}', '\u{10ffff}', '\u{10ffff}\u{10ffff}'])(
    'holds what begins with %j and nothing else',
    (prefix) => {
      const { from, below } = prefixRange(prefix);
      const inside = (text: string) => compare(text, from) >= 0 && compare(text, below) < 0;
      expect([prefix, `${prefix}a`, `${prefix}\u{10ffff}`].map(inside)).toEqual([true, true, true]);
      expect([prefix.slice(0, -1), below, `${below}a`, ''].map(inside)).toEqual([false, false, false, false]);
    },
  );
});

/** By code points, as both databases compare. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
