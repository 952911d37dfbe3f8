import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';

interface Me {
  readonly username: string;
}

describe('callers at the same time', () => {
  let app: TestApp;
  let usernames: string[];

  beforeAll(async () => {
    app = await startApp({ env: { HASH_WAIT: '10s' } });
    usernames = [];
    for (let made = 0; made < 8; made += 1) usernames.push((await app.createUser()).username);
  });
  afterAll(() => app.close());

  it('signs each in as themselves, and answers every one', async () => {
    const signedIn = await Promise.all(usernames.map((username) => app.signIn(username, PASSWORD)));
    expect(signedIn.map(({ user }) => user.username)).toEqual(usernames);
  });

  it('takes each for the one their token names, and leaves nobody without an answer', async () => {
    const sessions = await Promise.all(usernames.map((username) => app.signIn(username, PASSWORD)));
    const calls = Array.from({ length: 10 }, () => sessions).flat();
    const answers = await Promise.all(
      calls.map(({ access_token: token }) => app.call<Me>('GET', '/me', { token })),
    );
    expect(answers.map(({ body }) => body.data.username)).toEqual(calls.map(({ user }) => user.username));
  });
});
