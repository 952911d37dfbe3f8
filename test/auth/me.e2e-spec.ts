import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure } from '../support/envelope.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

describe('GET /me', () => {
  it('answers who is signed in, and what they may do', async () => {
    const user = await app.createUser({ email: 'who@example.com' });
    const { access_token } = await app.signIn(user.username, user.password);
    const answer = await app.call<Record<string, unknown>>('GET', '/me', { token: access_token });
    expectEnvelope(answer);
    expect(Object.entries(answer.body.data)).toEqual([
      ['id', user.id],
      ['kind', 'person'],
      ['username', user.username],
      ['full_name', 'A Person'],
      ['email', 'who@example.com'],
      ['email_verified', false],
      ['phone', ''],
      ['language', ''],
      ['status', 'active'],
      ['roles', []],
      ['password_set', true],
      ['must_change_password', false],
      ['second_factor', false],
      ['password_change_at', new Date(app.clock.now()).toISOString()],
      ['created_at', new Date(app.clock.now()).toISOString()],
      ['updated_at', new Date(app.clock.now()).toISOString()],
      ['last_sign_in_at', new Date(app.clock.now()).toISOString()],
      ['permissions', []],
    ]);
  });

  it('lists every permission of an administrator', async () => {
    const { access_token } = await app.signIn();
    const answer = await app.call<{ roles: string[]; permissions: string[] }>('GET', '/me', {
      token: access_token,
    });
    expect(answer.body.data.roles).toEqual(['administrator']);
    expect(answer.body.data.permissions).toContain('users:create');
    expect(answer.body.data.permissions).toEqual(answer.body.data.permissions.toSorted());
  });

  it('answers 401 in the same bytes for every token that is not good', async () => {
    const { access_token, refresh_token } = await app.signIn();
    const [header = '', payload = '', signature = ''] = access_token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const tokens = [
      refresh_token,
      '',
      'canary',
      'a.b.c',
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}.${Buffer.from('{}').toString('base64url')}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'A'}`,
    ];
    const first = await app.call('GET', '/me');
    expectFailure(first, 401, 11002);
    for (const token of tokens)
      expect((await app.call('GET', '/me', { token })).text, token).toBe(first.text);
  });

  it('notices at once that its session is gone from the database', async () => {
    const { access_token, session_id } = await app.signIn();
    await app.database.execute('DELETE FROM sessions WHERE id = ?', [session_id]);
    expectFailure(await app.call('GET', '/me', { token: access_token }), 401, 11002);
  });
});
