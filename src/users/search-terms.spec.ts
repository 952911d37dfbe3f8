import { describe, expect, it } from 'vitest';
import { rangeOf, searchedPhone, searchTerms, searchWords } from './search-terms.js';

const NOBODY = { username: 'x', fullName: 'X', email: null, phone: null };

describe('searchTerms', () => {
  it.each([
    [{ fullName: 'Mei Lin' }, ['lin', 'mei', 'x']],
    [{ fullName: 'ＭＥＩ　Lin' }, ['lin', 'mei', 'x']],
    [{ fullName: 'Zoe\u0301' }, ['x', 'zo\u00e9']],
    [{ fullName: 'İpek' }, ['i\u0307pek', 'x']],
    [{ fullName: 'Anne-Marie O’Neil' }, ['anne-marie', 'marie', 'neil', 'o’neil', 'x']],
    [{ fullName: '王芳' }, ['x', '王芳', '芳']],
    [{ fullName: '王芳Mei' }, ['mei', 'x', '王芳mei', '芳mei']],
    [{ fullName: 'サクラ' }, ['x', 'クラ', 'サクラ', 'ラ']],
    [{ fullName: '김민수' }, ['x', '김민수', '민수', '수']],
    [{ fullName: 'กานดา' }, ['x', 'กานดา', 'านดา', 'นดา', 'ดา']],
    [
      { email: 'mei.lin@mail.example' },
      ['example', 'lin@mail.example', 'mail.example', 'mei.lin@mail.example', 'x'],
    ],
    [{ phone: '+8613800138000' }, ['13800138000', '8613800138000', 'x']],
    [{ phone: '+4915123456789' }, ['015123456789', '15123456789', '4915123456789', 'x']],
  ])('of %j', (given, terms) => {
    expect(searchTerms({ ...NOBODY, ...given })).toEqual(terms.toSorted());
  });

  it('are bounded in number and length', () => {
    const terms = searchTerms({
      username: 'a.b.c.d',
      fullName: 'ﷺ'.repeat(128),
      email: `${'a.'.repeat(32)}z@${'b.'.repeat(90)}example`,
      phone: '+8613800138000',
    });
    expect(terms.length).toBeLessThanOrEqual(200);
    expect(Math.max(...terms.map((term) => [...term].length))).toBeLessThanOrEqual(100);
    const name = Array.from({ length: 128 }, (_, index) => String.fromCodePoint(0x20000 + index)).join('');
    expect(searchTerms({ ...NOBODY, fullName: name })).toHaveLength(129);
  });
});

describe('a search', () => {
  it.each([
    ['Lin  MEI', ['mei', 'lin']],
    ['m mei me', ['mei']],
    ['芳', ['芳']],
  ])('for %j asks for the words of it', (q, words) => {
    expect(searchWords(q).toSorted()).toEqual(words.toSorted());
  });

  it.each([
    ['138 0013 8000', '13800138000'],
    ['(0151) 234-56', '015123456'],
    ['+49 (0)151', '49151'],
    ['0086 138', '86138'],
    ['mei 138', undefined],
  ])('for %j may mean the phone number %s', (q, phone) => {
    expect(searchedPhone(q)).toBe(phone);
  });
});

describe('rangeOf', () => {
  it.each(['ab', 'a%', 'a_', '张', '\ud7ff', '𠮷', 'a\u{10ffff}', '\u{10ffff}', '\u{10ffff}\u{10ffff}'])(
    'holds what begins with %j and nothing else',
    (prefix) => {
      const [first, last] = rangeOf(prefix);
      const inside = (text: string) => compare(text, first) >= 0 && compare(text, last) <= 0;
      expect([prefix, `${prefix}a`, `${prefix}\u{10ffff}`].map(inside)).toEqual([true, true, true]);
      expect([prefix.slice(0, -1), `${last}a`, ''].map(inside)).toEqual([false, false, false]);
      expect([...last]).toHaveLength(100);
    },
  );
});

/** By code points, as both databases compare. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
