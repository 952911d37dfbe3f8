import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keyring } from '../../src/keyring/keyring.ts';
import { Administration, refusal } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createApplication } from '../support/applications.ts';
import { refusals } from '../support/envelope.ts';
import { createKey, createServiceAccount, type NewKeyData } from '../support/keys.ts';
import { forgedBodies } from '../support/tokens/forged-bodies.ts';
import { forgedHeaders } from '../support/tokens/forged-headers.ts';
import { forge } from '../support/tokens/tokens.ts';

interface Introspection {
  readonly active: boolean;
  readonly sub?: string;
  readonly permissions?: readonly string[];
}

const DEAD = '{"code":0,"data":{"active":false},"msg":"ok"}';
const ISSUER = 'https://id.example.com';

let app: TestApp;
let admin: Administration;
let verifier: NewKeyData;

beforeAll(async () => {
  app = await startApp({ env: { TOKEN_ISSUER: ISSUER } });
  admin = await Administration.of(app);
  const service = await createServiceAccount(admin, ['tokens:introspect']);
  verifier = await createKey(admin, service.id, ['tokens:introspect']);
});
afterAll(() => app.close());

/** Every forged token that fits into a body. */
async function forgeries(): Promise<string[]> {
  const user = await app.createUser();
  const session = await app.signIn(user.username, user.password);
  const { issuer, audience } = app.config.tokens;
  const { kid, privateKey: key } = app.nest.get(Keyring, { strict: false }).current();
  const header = { alg: 'ES256', typ: 'at+jwt', kid };
  const iat = Math.floor(app.clock.now() / 1_000);
  const times = { jti: '5b6c7d8e-9fa0-4b1c-ad2e-3f4051627384', iat, exp: iat + 900 };
  const claims = { iss: issuer, aud: audience, sub: user.id, sid: session.session_id, ...times };
  const scene = { header, claims, key, good: forge(header, claims, key) };
  const tokens = Object.values({ ...forgedHeaders, ...forgedBodies }).map((make) => make(scene));
  return tokens.filter((token) => token.length > 0 && token.length < 8_000);
}

function introspect(token: unknown, more: object = {}) {
  return app.call<Introspection>('POST', '/tokens/introspect', {
    token: verifier.secret,
    body: { token, ...more },
  });
}

describe('POST /tokens/introspect', () => {
  it('tells what an access token says, in the names of RFC 7662', async () => {
    const person = await admin.person();
    const claims = JSON.parse(Buffer.from(person.token.split('.')[1] ?? '', 'base64url').toString());
    const answer = await introspect(person.token);
    expect(answer.body.data).toEqual({
      active: true,
      sub: person.id,
      sid: person.sessionId,
      iss: ISSUER,
      aud: claims.aud,
      iat: claims.iat,
      exp: claims.exp,
      jti: claims.jti,
      token_type: 'access_token',
      username: person.username,
      kind: 'person',
    });
  });

  it('tells whose a key is', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    const key = await createKey(admin, service.id, ['users:read']);
    expect((await introspect(key.secret)).body.data).toMatchObject({
      active: true,
      sub: service.id,
      sid: key.id,
      jti: key.id,
      exp: Math.floor(Date.parse(key.expires_at) / 1000),
      token_type: 'key',
      username: service.username,
      kind: 'service',
    });
  });

  it('answers everything that is not live by the same bytes', async () => {
    const [ended, disabled] = [await admin.person(), await admin.person()];
    const signedIn = await app.signIn(ended.username, ended.password);
    await app.call('POST', '/signout', { token: ended.token });
    await admin.done('POST', `/users/${disabled.id}/disable`);
    const service = await createServiceAccount(admin, ['users:read']);
    const key = await createKey(admin, service.id, ['users:read']);
    await admin.done('DELETE', `/keys/${key.id}`);
    const tokens = [
      ended.token,
      disabled.token,
      signedIn.refresh_token,
      key.secret,
      `gatehouse_key_${'x'.repeat(49)}`,
      'x',
      ...(await forgeries()),
    ];
    expect(tokens.length).toBeGreaterThan(20);
    for (const token of tokens) expect((await introspect(token)).text, token).toBe(DEAD);
  });

  it('tells nothing to who may not ask', async () => {
    const person = await admin.person();
    const ask = { token: person.token, body: { token: person.token } };
    expect(refusal(await app.call('POST', '/tokens/introspect', ask))).toEqual([403, 11004]);
    const nobody = await app.call('POST', '/tokens/introspect', { body: { token: person.token } });
    expect(refusal(nobody)).toEqual([401, 11002]);
    expect(refusals(await introspect(1))).toEqual(['token: string']);
    expect(refusals(await introspect('x', { application: 'A B' }))).toEqual(['application: application']);
    expect(refusal(await introspect('x', { application: 'nothing' }))).toEqual([404, 13006]);
  });

  it('tells what the holder may do in an application, as it is now', async () => {
    const { key } = await createApplication(admin, ['orders:read', 'orders:refund']);
    const role = await admin.role([`${key}/orders:read`, `${key}/orders:refund`]);
    const person = await admin.person({ roles: [role.key] });
    const permissions = async (token: string) =>
      (await introspect(token, { application: key })).body.data.permissions;
    expect(await permissions(person.token)).toEqual(['orders:read', 'orders:refund']);
    expect(await permissions(admin.admin.token)).toEqual(['orders:read', 'orders:refund']);
    await admin.done('PATCH', `/roles/${role.id}`, { permissions: [`${key}/orders:read`] });
    expect(await permissions(person.token)).toEqual(['orders:read']);
    const service = await createServiceAccount(admin, [`${key}/orders:read`, 'users:read']);
    const bound = await createKey(admin, service.id, ['users:read']);
    expect(await permissions(bound.secret)).toEqual([]);
  });

  it('answers a key that is bound to networks as not active, and its access tokens as active', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    const key = await createKey(admin, service.id, ['users:read'], { networks: ['127.0.0.0/8'] });
    expect((await introspect(key.secret)).text).toBe(DEAD);
    const body = { refresh_token: key.secret };
    const made = await app.call<{ access_token: string }>('POST', '/tokens/renew_access', { body });
    expect((await introspect(made.body.data.access_token)).body.data).toMatchObject({ sid: key.id });
  });

  it('is no use of the session', async () => {
    const person = await admin.person();
    const seen = async () => {
      const { items } = await admin.done<{ items: Array<{ last_seen_at: string }> }>(
        'GET',
        `/users/${person.id}/sessions`,
      );
      return items[0]?.last_seen_at;
    };
    const before = await seen();
    app.clock.advance(120_000);
    await introspect(person.token);
    expect(await seen()).toBe(before);
  });
});

describe('GET /.well-known/oauth-authorization-server', () => {
  it('says where the keys are, outside of the envelope', async () => {
    const answer = await app.call('GET', '/.well-known/oauth-authorization-server');
    expect(answer.body).toEqual({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      response_types_supported: [],
    });
    expect(answer.headers['cache-control']).toBe('public, max-age=300');
  });
});
