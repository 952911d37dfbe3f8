import { generateKeyPairSync } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { describe, expect, it } from 'vitest';
import { signCompact } from './compact-jws.js';

describe('signCompact', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwt = new JwtService({});
  const options = {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: ['ES256' as const],
  };

  it('writes what a JWT library verifies, whatever the lengths of the two integers', () => {
    // One signature in 128 has an integer shorter than 32 bytes; half of all integers have a zero before them.
    for (let n = 0; n < 2_000; n += 1) {
      const token = signCompact({ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, { n }, privateKey);
      expect(jwt.verify(token, options)).toEqual({ n });
    }
  });

  it('keeps the members of header and payload in the order that they are given in', () => {
    const token = signCompact({ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, { iss: 'é', aud: 'b' }, privateKey);
    const [head = '', body = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(head).toBe('{"alg":"ES256","typ":"at+jwt","kid":"k"}');
    expect(body).toBe('{"iss":"é","aud":"b"}');
  });
});
