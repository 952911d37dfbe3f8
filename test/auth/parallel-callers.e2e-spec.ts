import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { HASH_WAIT: '20s' } });
});
afterAll(() => app.close());

describe('parallel callers', () => {
  it('each get the session of the account that they named', async () => {
    const users = await Promise.all(Array.from({ length: 6 }, () => app.createUser()));
    const sessions = await Promise.all(
      Array.from({ length: 24 }, (_, index) => {
        const user = users[index % users.length];
        return app.signIn(user?.username, user?.password);
      }),
    );
    expect(sessions.map((session) => session.user.username)).toEqual(
      sessions.map((_, index) => users[index % users.length]?.username),
    );
  });

  it('each are who their own token says', async () => {
    const users = await Promise.all(Array.from({ length: 4 }, () => app.createUser()));
    const sessions = await Promise.all(users.map((user) => app.signIn(user.username, user.password)));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        app.call<{ id: string }>('GET', '/me', {
          token: sessions[index % sessions.length]?.access_token ?? '',
        }),
      ),
    );
    expect(answers.map(({ body }) => body.data.id)).toEqual(
      answers.map((_, index) => users[index % users.length]?.id),
    );
  });
});
