import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';

const MINUTE = 60_000;

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp({ env: { PERSONAL_KEYS: 'true', FRESH_FOR: '5m', REAUTH_ATTEMPTS: '3' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function makeKey(token: string): Promise<readonly [number, number]> {
  const body = { name: 'x', scopes: ['users:read'] };
  const { status, body: answer } = await app.call('POST', '/me/keys', { token, body });
  return [status, answer.code];
}

function confirm(token: string, password: unknown) {
  return app.call('POST', '/me/reauthentication', { token, body: { password } });
}

describe('what is sensitive', () => {
  it('is done after a sign-in and after the password was given again, for a short time each', async () => {
    const { token } = await admin.personWith(['users:read']);
    expect(await makeKey(token)).toEqual([201, 0]);
    app.clock.advance(5 * MINUTE + 1);
    expect(await makeKey(token)).toEqual([403, 11012]);
    expect(refusal(await confirm(token, 'wrong'))).toEqual([403, 11005]);
    expect(await makeKey(token)).toEqual([403, 11012]);
    expect((await confirm(token, PASSWORD)).text).toBe('{"code":0,"data":null,"msg":"ok"}');
    expect(await makeKey(token)).toEqual([201, 0]);
    app.clock.advance(5 * MINUTE + 1);
    expect(await makeKey(token)).toEqual([403, 11012]);
  });

  it('is recorded, and freshens no other session', async () => {
    const person = await admin.personWith(['users:read']);
    const other = (await app.signIn(person.username, PASSWORD)).access_token;
    app.clock.advance(6 * MINUTE);
    await confirm(person.token, 'wrong');
    await confirm(person.token, PASSWORD);
    expect(await makeKey(person.token)).toEqual([201, 0]);
    expect(await makeKey(other)).toEqual([403, 11012]);
    admin = await Administration.of(app);
    const events = await admin.eventsOn(person.sessionId);
    const outcomes = events.filter(({ action }) => action === 'session.reauthenticated');
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['failure', 'success']);
  });

  it('cannot be reached by guessing, and guesses lock nobody out of signing in', async () => {
    const person = await admin.personWith(['users:read']);
    for (let n = 0; n < 3; n += 1) expect((await confirm(person.token, `wrong ${n}`)).status).toBe(403);
    expect(refusal(await confirm(person.token, PASSWORD))).toEqual([429, 10008]);
    expect((await app.signIn(person.username, PASSWORD)).session_id).toBeTruthy();
  });

  it('wants a password', async () => {
    const { token } = await admin.person();
    expect(refusals(await confirm(token, ''))).toEqual(['password: length']);
    expect(refusals(await confirm(token, 1))).toEqual(['password: string']);
    const nothing = await app.call('POST', '/me/reauthentication', { token, body: {} });
    expect(refusals(nothing)).toEqual(['password: required']);
  });
});

describe('keys of people', () => {
  it('are off by default', async () => {
    const plain = await startApp();
    try {
      const administration = await Administration.of(plain);
      const { token, id } = await administration.personWith(['users:read']);
      const body = { name: 'x', scopes: ['users:read'] };
      expect(refusal(await plain.call('GET', '/me/keys', { token }))).toEqual([404, 10003]);
      expect(refusal(await plain.call('POST', '/me/keys', { token, body }))).toEqual([404, 10003]);
      expect(refusal(await administration.call('POST', `/users/${id}/keys`, body))).toEqual([404, 10003]);
    } finally {
      await plain.close();
    }
  });
});
