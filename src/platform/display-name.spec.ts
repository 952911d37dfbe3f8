import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDisplayName } from './display-name.js';

describe('parseDisplayName', () => {
  it.each(['Ada Lovelace', '王小明', "O'Brien-Smith", 'نور', 'می‌خواهم', '👩‍💻', 'A', '\u{1f600}'.repeat(128)])(
    'keeps %s',
    (name) => expect(parseDisplayName(name, 128)).toEqual({ value: name }),
  );

  it('composes to NFC, and keeps what only NFKC would change', () => {
    expect(parseDisplayName('Zoe\u0308', 128)).toEqual({ value: 'Zoë' });
    expect(parseDisplayName('ＡＢＣ ﬁ', 128)).toEqual({ value: 'ＡＢＣ ﬁ' });
  });

  it('takes blanks away around the name, not inside', () => {
    expect(parseDisplayName(' Ada  Lovelace\u3000', 128)).toEqual({ value: 'Ada  Lovelace' });
  });

  it.each(['', ' ', '\u00a0\u3000', '\u200b', '\u200d\u3164', 'a'.repeat(129), '\u{1f600}'.repeat(129)])(
    'refuses %j for its length',
    (name) =>
      expect(parseDisplayName(name, 128)).toEqual({
        refusal: { rule: 'length', params: { min: 1, max: 128 } },
      }),
  );

  it('counts code points of the canonical form', () => {
    expect(parseDisplayName('e\u0301'.repeat(128), 128)).toEqual({ value: 'é'.repeat(128) });
    // U+0958 is excluded from composition: NFC makes two code points of it.
    expect(parseDisplayName('\u0958'.repeat(65), 128)).toHaveProperty('refusal.rule', 'length');
  });

  it.each([
    '\0',
    '\t',
    '\n',
    '\x1f',
    '\x7f',
    '\x85',
    '\x9f',
    '\u2028',
    '\u2029',
    '\u202e',
    '\u2066',
    '\ud800',
    '\udc00',
  ])('refuses a name with the character %j', (character) =>
    expect(parseDisplayName(`Ada${character}Lovelace`, 128)).toEqual({
      refusal: { rule: 'name_characters' },
    }),
  );

  it('reads every canonical form as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 140 }), (input) => {
        const { value } = parseDisplayName(input, 128);
        if (value !== undefined) expect(parseDisplayName(value, 128)).toEqual({ value });
      }),
      { numRuns: 5_000 },
    );
  });
});
