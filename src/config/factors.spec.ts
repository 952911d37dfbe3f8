import { describe, expect, it } from 'vitest';
import { Environment } from './environment.js';
import { factorsConfig } from './factors.config.js';

const PRODUCTION = { NODE_ENV: 'production' };
const SITE = { WEBAUTHN_RP_ID: 'example.com', WEBAUTHN_ORIGINS: 'https://id.example.com' };
const APP = `android:apk-key-hash:${'a'.repeat(43)}`;

function read(variables: Record<string, string>) {
  const environment = new Environment(variables);
  return { config: factorsConfig(environment), problems: environment.problems };
}

describe('passkeys', () => {
  it('are for localhost in a trial, at the port of the API', () => {
    expect(read({})).toMatchObject({
      config: { rpId: 'localhost', origins: ['http://localhost:3000'] },
      problems: [],
    });
    expect(read({ PORT: '8080' }).config.origins).toEqual(['http://localhost:8080']);
    // As browsers send it.
    expect(read({ PORT: '80', WEBAUTHN_RP_ID: 'localhost' }).config.origins).toEqual(['http://localhost']);
  });

  it('are for nothing in production until it is said', () => {
    expect(read(PRODUCTION)).toMatchObject({ config: { origins: [] }, problems: [] });
    expect(read(PRODUCTION).config.rpId).toBeUndefined();
    expect(read({ ...PRODUCTION, ...SITE })).toMatchObject({
      config: { rpId: 'example.com', origins: ['https://id.example.com'] },
      problems: [],
    });
  });

  it('need the domain and the origins together', () => {
    expect(read({ ...PRODUCTION, WEBAUTHN_ORIGINS: SITE.WEBAUTHN_ORIGINS }).problems).toEqual([
      'WEBAUTHN_RP_ID must be set together with WEBAUTHN_ORIGINS.',
    ]);
    const alone = ['WEBAUTHN_ORIGINS must be set together with WEBAUTHN_RP_ID.'];
    expect(read({ WEBAUTHN_RP_ID: 'example.com' }).problems).toEqual(alone);
    expect(read({ ...PRODUCTION, WEBAUTHN_RP_ID: 'localhost' }).problems).toEqual(alone);
  });

  it('have origins of the domain or below it', () => {
    const origins = `https://example.com,https://a.b.example.com:8443, ${APP}`;
    expect(read({ ...SITE, WEBAUTHN_ORIGINS: origins }).config.origins).toEqual([
      'https://example.com',
      'https://a.b.example.com:8443',
      APP,
    ]);
    for (const other of ['https://example.org', 'https://badexample.com', 'https://example.com.evil.org']) {
      expect(read({ ...SITE, WEBAUTHN_ORIGINS: other }).problems).toEqual([
        `WEBAUTHN_ORIGINS must be example.com, as WEBAUTHN_RP_ID says, or below it (${other} is not).`,
      ]);
    }
    expect(read({ WEBAUTHN_ORIGINS: 'https://example.com' }).problems[0]).toMatch(/must be localhost/);
  });

  it('go unencrypted on localhost in a trial alone', () => {
    const local = { WEBAUTHN_RP_ID: 'localhost', WEBAUTHN_ORIGINS: 'http://localhost:5173,http://localhost' };
    expect(read(local).problems).toEqual([]);
    expect(read({ ...PRODUCTION, ...local }).problems).toEqual([
      'WEBAUTHN_ORIGINS must be https in production: http://localhost is for a trial.',
    ]);
  });

  it.each([
    '127.0.0.1',
    '::1',
    'Example.com',
    'https://example.com',
    'example.com:443',
    '.com',
    'a..b',
    'exämple.com',
  ])('are not for %s', (given) => {
    expect(read({ ...SITE, WEBAUTHN_RP_ID: given }).problems).toEqual([
      expect.stringMatching(/^WEBAUTHN_RP_ID must be a domain/),
    ]);
  });

  it.each([
    'http://example.com',
    'http://127.0.0.1:3000',
    'https://example.com/',
    'https://example.com:443',
    'https://Example.com',
    '*',
    'example.com',
    'android:apk-key-hash:x',
    ',',
  ])('are not used at %s', (given) => {
    expect(read({ ...SITE, WEBAUTHN_ORIGINS: given }).problems).toEqual([
      expect.stringMatching(/^WEBAUTHN_ORIGINS must be https origins/),
    ]);
  });
});
