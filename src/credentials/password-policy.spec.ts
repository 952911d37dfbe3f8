import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePassword, passwordRefusals, type PasswordOwner } from './password-policy.js';

const owner = { username: 'lovelace', email: 'countess@example.com', phone: '+8613800138000' };
const rules = (password: string, person: PasswordOwner = owner) =>
  passwordRefusals(password, person, 8, 'password').map(({ rule }) => rule);

describe('passwordRefusals', () => {
  it.each([
    'correct horse battery',
    'tr0ub4dor&3',
    '        x',
    'пароль-на-завтра',
    '合言葉合言葉合言葉',
    'gkvmwqzr',
  ])('takes %j', (password) => expect(rules(password)).toEqual([]));

  it('names the field and the limit', () => {
    expect(passwordRefusals('short', owner, 8, 'new_password')).toEqual([
      { field: 'new_password', rule: 'password_too_short', params: { min: 8 } },
    ]);
    expect(passwordRefusals('x'.repeat(257), owner, 8, 'password')).toEqual([
      { field: 'password', rule: 'password_too_long', params: { max: 256 } },
    ]);
  });

  it('counts code points, from the minimum to 256', () => {
    expect(rules('\u{1f600}'.repeat(7))).toEqual(['password_too_short']);
    expect(rules('\u{1f600}\u{1f601}'.repeat(4))).toEqual([]);
    expect(rules('\u{1f600}\u{1f601}'.repeat(128))).toEqual([]);
    expect(rules('\u{1f600}'.repeat(257))).toEqual(['password_too_long']);
  });

  it('counts the password as typed and as hashed', () => {
    expect(rules('\ufdfa')).toEqual(['password_too_short']);
    expect(rules('e\u0301e\u0301e\u0301e\u0301')).toEqual(['password_too_short']);
    expect(rules('\ufdfa'.repeat(15))).toEqual(['password_too_long']);
    expect(rules('e\u0301'.repeat(129))).toEqual(['password_too_long']);
  });

  it('takes a longer minimum', () => {
    expect(passwordRefusals('gkvmwqzrabc', owner, 12, 'password')).toEqual([
      { field: 'password', rule: 'password_too_short', params: { min: 12 } },
    ]);
  });

  it.each(['abc\ud800defgh', '\udc00abcdefgh'])('refuses the unpaired surrogate in %j', (password) =>
    expect(rules(password)).toEqual(['password_characters']),
  );

  it.each([
    'password',
    'PASSWORD',
    'Password1',
    'P@ssw0rd',
    '12345678',
    '88888888',
    '00000000',
    'qwertyuiop',
    'iloveyou',
    'ｐａｓｓｗｏｒｄ',
    '1q2w3e4r',
    'qq123456',
  ])('refuses the common password %s', (password) => expect(rules(password)).toEqual(['password_common']));

  it.each([
    ['username', 'xx-lovelace-1843'],
    ['username in capitals', 'xx-LoveLace-1843'],
    ['username in full width', 'xx-ｌｏｖｅｌａｃｅ-1843'],
    ['e-mail address', 'my countess@example.com'],
    ['local part', 'Countess1815'],
    ['phone number with its country code', 'x8613800138000'],
    ['phone number as written', '+86 138-0013-8000'],
    ['national number', 'tel13800138000'],
    ['national number in groups', 'tel 138 0013 8000'],
    ['national number in full width', 'xyz１３８００１３８０００'],
  ])('refuses a password that contains the %s', (_, password) =>
    expect(rules(password)).toEqual(['password_contains_identifier']),
  );

  it('lets identifiers of fewer than four characters and absent ones pass', () => {
    expect(rules('bob-gkvmwqzr', { username: 'bob', email: 'bob@x.org', phone: null })).toEqual([]);
    expect(rules('gkvmwqzr', { username: 'lovelace', email: '', phone: '' })).toEqual([]);
    expect(rules('gkvmwqzr', { username: 'lovelace' })).toEqual([]);
  });

  it('tells every reason', () => {
    expect(rules('password', { username: 'password' })).toEqual([
      'password_common',
      'password_contains_identifier',
    ]);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (password) => void rules(password)),
      { numRuns: 2_000 },
    );
  });
});

describe('normalizePassword', () => {
  it('makes one password of two ways to type it, and keeps case and blanks', () => {
    expect(normalizePassword('pa\u0308ssword')).toBe(normalizePassword('pässword'));
    expect(normalizePassword(' PassWord ')).toBe(' PassWord ');
  });
});
