import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

describe('GET /me', () => {
  it('answers who is signed in', async () => {
    const { access_token } = await app.signIn();
    const answer = await app.call<{ username: string }>('GET', '/me', { token: access_token });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body.data.username).toBe('admin');
    const user = await app.createUser();
    const own = await app.signIn(user.username, user.password);
    expect(own.user.username).toBe(user.username);
  });
});
