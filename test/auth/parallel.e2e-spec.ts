import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type CreatedUser, type SignInData, type TestApp } from '../support/app.ts';

let app: TestApp;
let people: CreatedUser[];
beforeAll(async () => {
  app = await startApp({ env: { SIGNIN_ADDRESS_ATTEMPTS: '100000', HASH_WAIT: '10s' } });
  people = await Promise.all(Array.from({ length: 20 }, () => app.createUser()));
});
afterAll(() => app.close());

describe('requests of different people at the same time', () => {
  it('sign each of them in as nobody else, and let in nobody with a wrong password', async () => {
    const attempts = people.flatMap(({ username, password }) =>
      [password, `${password}x`, password].map(async (tried) => {
        const body = { username, password: tried };
        const answer = await app.call<SignInData>('POST', '/signin', { body });
        return { username, right: tried === password, answer };
      }),
    );
    for (const { username, right, answer } of await Promise.all(attempts)) {
      // Too busy is no answer to the question.
      if (answer.status === 503) continue;
      expect([answer.status, answer.body.data?.user.username]).toEqual(
        right ? [200, username] : [401, undefined],
      );
    }
  });

  it('answer each of them as themselves, and nobody without a good token', { timeout: 30_000 }, async () => {
    const sessions = await Promise.all(
      people.map(async (person) => ({ person, ...(await app.signIn(person.username, person.password)) })),
    );
    const calls = Array.from({ length: 400 }, async (_, index) => {
      const { person, access_token } = sessions[index % sessions.length] ?? {};
      const token = index % 3 === 0 ? `${access_token}x` : access_token;
      const answer = await app.call<{ id: string }>('GET', '/me', { token });
      return { expected: index % 3 === 0 ? [401, undefined] : [200, person?.id], answer };
    });
    for (const { expected, answer } of await Promise.all(calls)) {
      expect([answer.status, answer.body.data?.id]).toEqual(expected);
    }
  });
});
