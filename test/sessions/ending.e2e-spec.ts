import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type Answer, type SignInData, type TestApp } from '../support/app.ts';

const ROUNDS = 40;

let app: TestApp;
/** Another process in effect: its own connections, its own memory. On SQLite there is only one. */
let replica: TestApp;
beforeAll(async () => {
  const env = { HASH_WAIT: '20s' };
  app = await startApp({ env });
  const { testDatabase, clock } = app;
  replica = testDatabase.lane === 'mysql' ? await startApp({ env, testDatabase, clock }) : app;
});
afterAll(async () => {
  if (replica !== app) await replica.close();
  await app.close();
});

interface Victim {
  readonly session: SignInData;
  /** Another session of the same user, which does the ending. */
  readonly other: SignInData;
}

const endings: ReadonlyArray<[string, (victim: Victim) => Promise<Answer<unknown>>]> = [
  [
    'DELETE /me/sessions/{id}',
    ({ session, other }) =>
      app.call('DELETE', `/me/sessions/${session.session_id}`, { token: other.access_token }),
  ],
  ['DELETE /me/sessions', ({ other }) => app.call('DELETE', '/me/sessions', { token: other.access_token })],
  ['POST /signout', ({ session }) => app.call('POST', '/signout', { token: session.access_token })],
  [
    'POST /tokens/revoke',
    ({ session }) => app.call('POST', '/tokens/revoke', { body: { refresh_token: session.refresh_token } }),
  ],
];

/** Calls without pause, each on the other replica in turn, and says which started after the session had ended. */
async function keepCalling(
  { session }: Victim,
  isOver: () => boolean,
  until: () => boolean,
): Promise<number[]> {
  const late: number[] = [];
  for (let count = 0; !until(); count += 1) {
    const startedLate = isOver();
    const where = count % 2 === 0 ? replica : app;
    const answer =
      count % 4 < 2
        ? await where.call('GET', '/me', { token: session.access_token })
        : await where.call('POST', '/tokens/renew_access', {
            body: { refresh_token: session.refresh_token },
          });
    if (startedLate) late.push(answer.status);
  }
  return late;
}

async function race(victim: Victim, end: () => Promise<Answer<unknown>>): Promise<number[]> {
  let over = false;
  let done = false;
  const callers = [1, 2, 3].map(() =>
    keepCalling(
      victim,
      () => over,
      () => done,
    ),
  );
  const answer = await end();
  over = true;
  expect(answer.status, answer.text).toBe(200);
  await Promise.all(
    Array.from({ length: 4 }, () => replica.call('GET', '/me', { token: victim.session.access_token })),
  ).then((answers) => answers.forEach(({ status }) => expect(status).toBe(401)));
  done = true;
  return (await Promise.all(callers)).flat();
}

describe('no call that starts after the answer succeeds', { timeout: 60_000 }, () => {
  it.each(endings)('to %s', async (_, end) => {
    const user = await app.createUser();
    for (let round = 0; round < ROUNDS / endings.length; round += 1) {
      const session = await app.signIn(user.username, user.password);
      const other = await app.signIn(user.username, user.password);
      const late = await race({ session, other }, () => end({ session, other }));
      expect(late.filter((status) => status < 400)).toEqual([]);
    }
  });

  it('to POST /me/password, for every other session', async () => {
    for (let round = 0; round < 5; round += 1) {
      const user = await app.createUser();
      const session = await app.signIn(user.username, user.password);
      const other = await app.signIn(user.username, user.password);
      const body = { current_password: PASSWORD, new_password: 'copper-window-thistle-84' };
      const late = await race({ session, other }, () =>
        app.call('POST', '/me/password', { token: other.access_token, body }),
      );
      expect(late.filter((status) => status < 400)).toEqual([]);
    }
  });
});
