import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/examples.mobile.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { parseIdentifier, parseIdentifierOf } from './identifiers.js';

const read = (input: string) => parseIdentifier(input, 'CN');
const readAs = (input: string) => {
  const found = read(input);
  return found && `${found.kind} ${found.value}`;
};

describe('parseIdentifier', () => {
  it.each([
    ['admin', 'username admin'],
    ['ADMIN', 'username admin'],
    ['  admin\t ', 'username admin'],
    ['Ada.Love-lace_9', 'username ada.love-lace_9'],
    ['abc', 'username abc'],
    ['a'.repeat(32), `username ${'a'.repeat(32)}`],
    ['Ada@Example.COM', 'email ada@example.com'],
    [' ada+tag@mail.example.com ', 'email ada+tag@mail.example.com'],
    ['+86138@example.com', 'email +86138@example.com'],
    ['1@xn--fiqs8s.xn--fiqs8s', 'email 1@xn--fiqs8s.xn--fiqs8s'],
    ['+8613800138000', 'phone +8613800138000'],
    ['13800138000', 'phone +8613800138000'],
    ['138 0013-8000', 'phone +8613800138000'],
    ['(010) 6552.1234', 'phone +861065521234'],
    ['+1 (212) 555-2368', 'phone +12125552368'],
    ['+44 (0)20 7946 0958', 'phone +442079460958'],
    ['8613800138000', 'phone +8613800138000'],
    ['008613800138000', 'phone +8613800138000'],
  ])('reads %j as %s', (input, expected) => expect(readAs(input)).toBe(expected));

  it('reads national numbers in the region that is given', () => {
    expect(parseIdentifier('020 7946 0958', 'GB')).toEqual({ kind: 'phone', value: '+442079460958' });
    expect(parseIdentifier('020 7946 0958', 'US')).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \t '],
    ['two letters', 'ab'],
    ['33 letters', 'a'.repeat(33)],
    ['a username that begins with a digit', '9lives'],
    ['a username that begins with a dot', '.admin'],
    ['a space inside', 'ad min'],
    ['a line end', 'admin\n'],
    ['a NUL', 'admin\0'],
    ['a full-width letter', 'ａdmin'],
    ['a zero-width space', 'admin\u200b'],
    ['a no-break space', 'admin\u00a0'],
    ['a byte order mark', '\ufeffadmin'],
    ['the Kelvin sign', '\u212ain'],
    ['a dotless i', 'adm\u0131n'],
    ['a dotted capital I', 'ADM\u0130N'],
    ['a Cyrillic letter', '\u0430dmin'],
    ['an umlaut', 'ädmin'],
    ['a combining accent', 'a\u0308dmin'],
    ['a lone surrogate', 'admin\ud800'],
  ])('refuses %s', (_, input) => expect(read(input)).toBeUndefined());

  it.each([
    'ada@',
    '@example.com',
    'ada@@example.com',
    'ada@b@example.com',
    'ada@localhost',
    'ada@10.0.0.1',
    'ada@[10.0.0.1]',
    'ada@example.com.',
    'ada@.example.com',
    'ada@exa_mple.com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@example.c',
    '.ada@example.com',
    'ada.@example.com',
    'a..da@example.com',
    '"ada"@example.com',
    'ada(x)@example.com',
    'Ada <ada@example.com>',
    'ada@example.com,bob@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    `ada@${'a.'.repeat(124)}com`,
  ])('refuses the e-mail address %s', (input) => expect(read(input)).toBeUndefined());

  it.each([
    '+',
    '(',
    '110',
    '13800138000 ext 5',
    '13800138000x5',
    '13800138000;ext=5',
    '+8613800138000#5',
    'tel:+8613800138000',
    '+1800FLOWERS',
    '++8613800138000',
    '138+00138000',
    '＋8613800138000',
    '１３８００１３８０００',
    '1380013800',
    '13800138000 13800138000',
    '13800138000,13900139000',
    '17951 13800138000',
    'admin13800138000@',
    '+999123456789',
  ])('refuses the phone number %s', (input) => expect(read(input)).toBeUndefined());

  it('takes an address of exactly 254 characters and none of 255', () => {
    const ofLength = (length: number) =>
      `ada@${'a'.repeat(62)}.${'b'.repeat(62)}.${'c'.repeat(62)}.`.padEnd(length, 'd');
    expect(read(ofLength(254))?.value).toHaveLength(254);
    expect(read(ofLength(255))).toBeUndefined();
  });

  it('reads a phone number of every region, and its canonical form as itself from any other region', () => {
    for (const region of getCountries()) {
      const number = getExampleNumber(region, examples)?.number;
      if (number === undefined) throw new Error(`no example for ${region}`);
      for (const from of ['CN', 'US', 'IT', 'BR', 'RU'] as const) {
        expect(parseIdentifier(number, from)).toEqual({ kind: 'phone', value: number });
      }
    }
  });

  it('refuses a number whose canonical form could not be read again', () => {
    expect(parseIdentifier('08103676979', 'BY')).toBeUndefined();
  });

  it('ends quickly on long hostile input', () => {
    const start = performance.now();
    for (const part of ['a', ' ', '\t', '@', '.', 'a.', '1', '+', '(', '-', 'a@', 'é']) {
      read(part.repeat(32_768));
      read(`a@${part.repeat(32_768)}`);
      read(`1${part.repeat(32_768)}!`);
    }
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('every identifier', () => {
  const piece = fc.constantFrom(
    ...'abzABZ019@.+-_() \t',
    'ａ',
    '\u200b',
    '\u212a',
    'ı',
    'é',
    '86',
    '138',
    '.com',
    '\0',
  );
  const plausible = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{2,31}$/),
    fc.emailAddress(),
    fc.stringMatching(/^\+?[0-9]{6,15}$/),
    fc.stringMatching(/^1[3-9][0-9]{9}$/),
    fc.stringMatching(/^\+(1|39|44|49|52|54|55|7|86|91)[0-9]{8,11}$/),
  );
  const region = fc.constantFrom(...getCountries());

  it('is read without throwing, and its canonical form is read as itself in every region', () => {
    fc.assert(
      fc.property(plausible, region, region, (input, here, elsewhere) => {
        const found = parseIdentifier(input, here);
        if (found !== undefined) expect(parseIdentifier(found.value, elsewhere)).toEqual(found);
      }),
      { numRuns: 10_000 },
    );
  });

  it('has a canonical form that belongs to one kind only', () => {
    const forms = {
      username: /^[a-z][a-z0-9._-]{2,31}$/,
      email: /^[!-?A-~]+@[a-z0-9.-]+$/,
      phone: /^\+[0-9]{4,15}$/,
    };
    fc.assert(
      fc.property(plausible, region, (input, here) => {
        const found = parseIdentifier(input, here);
        if (found === undefined) return;
        const fitting = Object.entries(forms).filter(([, form]) => form.test(found.value));
        expect(fitting.map(([kind]) => kind)).toEqual([found.kind]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads the same in either case and with blanks around it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.emailAddress(), fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{2,31}$/)),
        (input) => {
          const found = read(input);
          expect(read(input.toUpperCase())).toEqual(found);
          expect(read(` \t${input}\t `)).toEqual(found);
        },
      ),
    );
  });
});

describe('parseIdentifierOf', () => {
  it('gives the canonical form of the kind that is asked for', () => {
    expect(parseIdentifierOf('username', ' Admin', 'CN')).toBe('admin');
    expect(parseIdentifierOf('email', 'A@B.CO', 'CN')).toBe('a@b.co');
    expect(parseIdentifierOf('phone', '13800138000', 'CN')).toBe('+8613800138000');
  });

  it('refuses an identifier of another kind', () => {
    expect(parseIdentifierOf('username', 'a@b.co', 'CN')).toBeUndefined();
    expect(parseIdentifierOf('username', '13800138000', 'CN')).toBeUndefined();
    expect(parseIdentifierOf('email', 'admin', 'CN')).toBeUndefined();
    expect(parseIdentifierOf('phone', 'a@b.co', 'CN')).toBeUndefined();
  });
});
