import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { createKey, createServiceAccount, type NewKeyData } from '../support/keys.ts';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp({ env: { PERSONAL_KEYS: 'true', MAX_KEYS_PER_USER: '100' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

/** Makes keys as fast as it can until it is refused; answers those that were made. */
async function makeKeys(token: string): Promise<string[]> {
  const made: string[] = [];
  for (;;) {
    const body = { name: 'x', scopes: ['users:read'] };
    const answer = await app.call<NewKeyData>('POST', '/me/keys', { token, body });
    if (answer.status !== 201) return made;
    made.push(answer.body.data.secret);
  }
}

const ENDS = {
  'a change of the password': async (id: string, token: string) => {
    const body = { current_password: PASSWORD, new_password: `${PASSWORD}-2` };
    expect((await app.call('POST', '/me/password', { token, body })).status, id).toBe(200);
  },
  'a password that an administrator sets': async (id: string) =>
    admin.done('POST', `/users/${id}/password`, { new_password: `${PASSWORD}-2` }),
  'being disabled and enabled': async (id: string) => {
    await admin.done('POST', `/users/${id}/disable`);
    await admin.done('POST', `/users/${id}/enable`);
  },
};

describe('no key', () => {
  it.each(Object.entries(ENDS))(
    'of a person outlives %s, though it is made meanwhile',
    { timeout: 60_000 },
    async (_, end) => {
      for (let round = 0; round < 5; round += 1) {
        const person = await admin.personWith(['users:read']);
        const thief = (await app.signIn(person.username, PASSWORD)).access_token;
        const making = Promise.all([makeKeys(thief), makeKeys(thief), makeKeys(thief)]);
        await end(person.id, person.token);
        for (const token of (await making).flat())
          expect((await app.call('GET', '/users', { token })).status).toBe(401);
      }
    },
  );

  it('is made for an account that is disabled', async () => {
    const { id } = await createServiceAccount(admin, ['users:read']);
    const key = await createKey(admin, id, ['users:read']);
    await admin.done('POST', `/users/${id}/disable`);
    const body = { name: 'x', scopes: ['users:read'] };
    expect(refusal(await admin.call('POST', `/users/${id}/keys`, body))).toEqual([409, 17003]);
    expect(refusal(await admin.call('POST', `/keys/${key.id}/rotate`, {}))).toEqual([409, 17003]);
  });

  it(
    'is multiplied by rotations: twice as many as there may be work at once',
    { timeout: 60_000 },
    async () => {
      const strict = await startApp({ env: { MAX_KEYS_PER_USER: '2' } });
      try {
        const administration = await Administration.of(strict);
        const { id } = await createServiceAccount(administration, ['users:read']);
        let key = await createKey(administration, id, ['users:read']);
        const rotate = () =>
          administration.call<NewKeyData>('POST', `/keys/${key.id}/rotate`, { overlap_hours: 168 });
        for (let n = 0; n < 3; n += 1) key = (await rotate()).body.data;
        expect(refusal(await rotate())).toEqual([409, 17002]);
      } finally {
        await strict.close();
      }
    },
  );
});
