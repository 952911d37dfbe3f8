import { describe, expect, it } from 'vitest';
import { bearerToken } from './bearer.js';

const jws = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

describe('bearerToken', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('takes the token after %s', (scheme) => {
    expect(bearerToken(`${scheme} ${jws}`)).toBe(jws);
  });

  it.each([
    ['no header', undefined],
    ['an empty one', ''],
    ['the scheme alone', 'Bearer'],
    ['the scheme and a blank', 'Bearer '],
    ['the token alone', jws],
    ['no blank', `Bearer${jws}`],
    ['another scheme', `Basic ${jws}`],
    ['a scheme that ends like it', `XBearer ${jws}`],
    ['a look-alike scheme', `Bеarer ${jws}`],
    ['a leading blank', ` Bearer ${jws}`],
    ['a trailing blank', `Bearer ${jws} `],
    ['a trailing newline', `Bearer ${jws}\n`],
    ['two blanks', `Bearer  ${jws}`],
    ['a tab', `Bearer\t${jws}`],
    ['two tokens', `Bearer ${jws} ${jws}`],
    ['two tokens in a list', `Bearer ${jws}, Bearer ${jws}`],
    ['quotes', `Bearer "${jws}"`],
    ['a parameter', `Bearer token=${jws}`],
    ['two parts', 'Bearer a.b'],
    ['four parts', `Bearer ${jws}.x`],
    ['five parts, as a JWE', 'Bearer a.b.c.d.e'],
    ['an empty first part', 'Bearer .b.c'],
    ['an empty payload', 'Bearer a..c'],
    ['an empty signature', 'Bearer a.b.'],
    ['padding', `Bearer ${jws}=`],
    ['the other base64 alphabet', 'Bearer a+b.c/d.e'],
    ['letters beyond ASCII', 'Bearer é.b.c'],
    ['a refresh token', `Bearer gatehouse_rt_${'x'.repeat(43)}`],
    ['JSON serialisation', 'Bearer {"payload":"a","signatures":[]}'],
    ['a huge token', `Bearer ${'a'.repeat(4_092)}.b.cd`],
    ['a huge header of blanks', `Bearer${' '.repeat(100_000)}`],
  ])('refuses %s', (_name, header) => {
    expect(bearerToken(header)).toBeUndefined();
  });

  it('takes a token of the greatest length', () => {
    expect(bearerToken(`Bearer ${'a'.repeat(4_092)}.b.c`)).toHaveLength(4_096);
  });
});
