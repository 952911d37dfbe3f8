import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATOR } from '../../src/platform/security/auth-context.ts';
import { SessionsService } from '../../src/sessions/sessions.service.ts';
import { startApp, type SignInData, type TestApp } from '../support/app.ts';
import { expectFailure } from '../support/envelope.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const me = ({ access_token }: SignInData) => app.call('GET', '/me', { token: access_token });
const renew = ({ refresh_token }: SignInData) =>
  app.call('POST', '/tokens/renew_access', { body: { refresh_token } });

describe('a user who is disabled in the database, past the service', () => {
  it('is out at once, for calls and renewals, and in again when enabled', async () => {
    const user = await app.createUser();
    const session = await app.signIn(user.username, user.password);
    const setStatus = (status: string) =>
      app.database.execute('UPDATE users SET status = ? WHERE id = ?', [status, user.id]);

    await setStatus('disabled');
    expectFailure(await me(session), 401, 11002);
    expectFailure(await renew(session), 401, 11003);

    await setStatus('active');
    expect((await me(session)).status).toBe(200);
    expect((await renew(session)).status).toBe(200);
  });
});

describe('ending all sessions of everybody', () => {
  it('leaves those that are opened after it began', async () => {
    const user = await app.createUser();
    const before = await app.signIn(user.username, user.password);
    // A later one, as the ending sees it: it begins when the clock stands a second earlier.
    app.clock.advance(1_000);
    const after = await app.signIn(user.username, user.password);
    app.clock.advance(-1_000);

    const ended = await app.nest.get(SessionsService, { strict: false }).revokeEverybody(OPERATOR);
    expect(ended).toBeGreaterThan(0);
    expectFailure(await me(before), 401, 11002);
    expect((await me(after)).status).toBe(200);
  });
});
