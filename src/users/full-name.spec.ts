import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFullName } from './full-name.js';

describe('parseFullName', () => {
  it.each(['Ada Lovelace', '王小明', "O'Brien-Smith", 'نور', 'می‌خواهم', '👩‍💻', 'A', '\u{1f600}'.repeat(128)])(
    'keeps %s',
    (name) => expect(parseFullName(name)).toEqual({ value: name }),
  );

  it('composes to NFC, and keeps what only NFKC would change', () => {
    expect(parseFullName('Zoe\u0308')).toEqual({ value: 'Zoë' });
    expect(parseFullName('ＡＢＣ ﬁ')).toEqual({ value: 'ＡＢＣ ﬁ' });
  });

  it('takes blanks away around the name, not inside', () => {
    expect(parseFullName(' Ada  Lovelace\u3000')).toEqual({ value: 'Ada  Lovelace' });
  });

  it.each(['', ' ', '\u00a0\u3000', '\u200b', '\u200d\u3164', 'a'.repeat(129), '\u{1f600}'.repeat(129)])(
    'refuses %j for its length',
    (name) =>
      expect(parseFullName(name)).toEqual({
        refusal: { rule: 'full_name_length', params: { min: 1, max: 128 } },
      }),
  );

  it('counts code points of the canonical form', () => {
    expect(parseFullName('e\u0301'.repeat(128))).toEqual({ value: 'é'.repeat(128) });
    // U+0958 is excluded from composition: NFC makes two code points of it.
    expect(parseFullName('\u0958'.repeat(65))).toHaveProperty('refusal.rule', 'full_name_length');
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
    expect(parseFullName(`Ada${character}Lovelace`)).toEqual({ refusal: { rule: 'full_name_characters' } }),
  );

  it('reads every canonical form as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 140 }), (input) => {
        const { value } = parseFullName(input);
        if (value !== undefined) expect(parseFullName(value)).toEqual({ value });
      }),
      { numRuns: 5_000 },
    );
  });
});
