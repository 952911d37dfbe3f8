import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createKey, createServiceAccount } from '../support/keys.ts';
import { singleStatements } from '../support/statements.ts';

const NOTHING = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

function me(token: string, from?: string) {
  return app.call('GET', '/me', { token, ...(from && { from }) });
}

function renew(key: string, from?: string) {
  const body = { refresh_token: key };
  return app.call<{ access_token: string }>('POST', '/tokens/renew_access', { body, ...(from && { from }) });
}

const POWERS = ['keys:manage', 'keys:read', 'users:set_password'];

describe('what a key cannot do', () => {
  const PEOPLE_ONLY = [
    ['PATCH', '/me'],
    ['POST', '/me/password'],
    ['POST', '/me/reauthentication'],
    ['GET', '/me/sessions'],
    ['DELETE', '/me/sessions'],
    ['DELETE', `/me/sessions/${NOTHING}`],
    ['GET', '/me/keys'],
    ['POST', '/me/keys'],
    ['POST', '/signout'],
    ['POST', `/users/${NOTHING}/password`],
    ['GET', `/users/${NOTHING}/keys`],
    ['POST', `/users/${NOTHING}/keys`],
    ['POST', `/keys/${NOTHING}/rotate`],
    ['DELETE', `/keys/${NOTHING}`],
  ] as const;

  it.each(PEOPLE_ONLY)('is %s %s', async (method, path) => {
    const service = await createServiceAccount(admin, POWERS);
    const { secret } = await createKey(admin, service.id, POWERS);
    const token = (await renew(secret)).body.data.access_token;
    for (const bearer of [secret, token])
      expect(refusal(await app.call(method, path, { token: bearer })), path).toEqual([403, 17004]);
  });
});

describe('a call with a key', () => {
  it('costs one statement, whatever the route needs', async () => {
    const service = await createServiceAccount(admin, ['roles:read', 'users:read']);
    const { secret } = await createKey(admin, service.id, ['roles:read']);
    // The first use is noted.
    await me(secret);
    const statements = await singleStatements(app.database, async () => {
      const answer = await app.call('GET', '/users/x/permissions', { token: secret });
      expect(refusal(answer)).toEqual([403, 11004]);
    });
    expect(statements).toHaveLength(1);
  });
});

describe('a text that is no key', () => {
  it('costs nothing where its checksum is wrong', async () => {
    const wrong = `gatehouse_key_${'x'.repeat(49)}`;
    const statements = await singleStatements(app.database, async () => {
      for (let n = 0; n < 400; n += 1) expect((await me(wrong)).status).toBe(401);
      expect(refusal(await renew(wrong))).toEqual([401, 11003]);
    });
    expect(statements).toEqual([]);
  });

  it(
    'is counted by address where it could be one, and a live key never is',
    { timeout: 60_000 },
    async () => {
      const { id } = await createServiceAccount(admin, ['users:read']);
      const key = await createKey(admin, id, ['users:read']);
      const dead = await createKey(admin, id, ['users:read']);
      await admin.done('DELETE', `/keys/${dead.id}`);
      const from = '127.0.0.77';
      const statuses: number[] = [];
      for (let n = 0; n < 302; n += 1) statuses.push((await me(dead.secret, from)).status);
      expect(statuses.slice(0, 300).every((status) => status === 401)).toBe(true);
      expect(statuses.slice(300)).toEqual([429, 429]);
      expect((await renew(dead.secret, from)).status).toBe(429);
      expect((await me(key.secret, from)).status).toBe(200);
    },
  );

  it('answers like a key from elsewhere', async () => {
    const { id } = await createServiceAccount(admin, ['users:read']);
    const { secret } = await createKey(admin, id, ['users:read'], { networks: ['127.0.0.9', 'fd00::/8'] });
    const token = (await renew(secret, '127.0.0.9')).body.data.access_token;
    expect((await me(secret, '127.0.0.9')).status).toBe(200);
    const none = await me('x');
    for (const bearer of [secret, token]) expect((await me(bearer)).text).toBe(none.text);
    const forged = { token: secret, headers: { 'x-forwarded-for': '127.0.0.9' } };
    expect((await app.call('GET', '/me', forged)).status).toBe(401);
    expect(refusal(await renew(secret))).toEqual([401, 11003]);
  });
});
