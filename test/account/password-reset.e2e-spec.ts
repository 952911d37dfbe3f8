import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { lastMailTo, mailsTo } from '../support/mails.ts';

const NEW = 'harbour-violet-compass-88';
let app: TestApp;
let serial = 0;
beforeAll(async () => {
  app = await startApp({
    env: {
      MAIL_LINK: 'https://app.example.com/account#{purpose}={code}',
      CODE_ADDRESS_REQUESTS: '100000',
      SIGNIN_ADDRESS_ATTEMPTS: '100000',
    },
  });
});
afterAll(() => app.close());

/** Somebody with an address of their own. */
async function person(given: object = {}) {
  serial += 1;
  const email = `reset-${serial}@example.com`;
  return { ...(await app.createUser({ email, ...given })), email };
}

const ask = (username: string) => app.call('POST', '/password/codes', { body: { username } });
const reset = (body: object) => app.call('POST', '/password/reset', { body });

describe('a forgotten password', () => {
  it('is replaced with the six digits of a mail; all sessions end, and the person is told', async () => {
    const { username, email, password } = await person();
    const session = await app.signIn(username, password);
    expect(await ask(email)).toMatchObject({ status: 200, body: { code: 0, data: null } });
    const { code, subject, text } = await lastMailTo(app, email);
    expect(subject).not.toContain(code);
    expect(text).toContain('10');

    expect(await reset({ username, code, new_password: NEW })).toMatchObject({ status: 200 });
    expect((await app.call('GET', '/me', { token: session.access_token })).status).toBe(401);
    await app.signIn(email, NEW);
    const told = (await mailsTo(app, email)).at(-1);
    expect(told?.text).toContain(username);
    expect(told?.code).toBe('');
  });

  it('is replaced with the token of the link, without a name', async () => {
    const { username, email } = await person();
    await ask(username);
    const { token } = await lastMailTo(app, email);
    expect(token).toHaveLength(68);
    expect((await reset({ code: token, new_password: NEW })).status).toBe(200);
    await app.signIn(username, NEW);
    expect(await reset({ code: token, new_password: NEW })).toMatchObject({
      status: 403,
      body: { code: 16001 },
    });
  });

  it('proves the address', async () => {
    const { id, username, email } = await person();
    await ask(username);
    const { code } = await lastMailTo(app, email);
    await reset({ username, code, new_password: NEW });
    const { access_token: token } = await app.signIn();
    const user = await app.call<{ email_verified: boolean }>('GET', `/users/${id}`, { token });
    expect(user.body.data.email_verified).toBe(true);
  });

  it('keeps its code where the new one is refused, and the attempt', async () => {
    const { username, email } = await person();
    await ask(username);
    const { code } = await lastMailTo(app, email);
    for (let time = 0; time < 8; time += 1) {
      const refused = await reset({ username, code, new_password: 'password' });
      expect(refused).toMatchObject({ status: 400, body: { code: 12005 } });
    }
    expect(
      (await reset({ username, code: `${code.slice(0, 3)} ${code.slice(3)}`, new_password: NEW })).status,
    ).toBe(200);
  });

  it('asked for twice within half of its life is one code in two mails', async () => {
    const { username, email } = await person();
    await ask(username);
    await lastMailTo(app, email);
    app.clock.advance(4 * MINUTE);
    await Promise.all([ask(email), ask(username)]);
    const mails = await mailsTo(app, email);
    expect(mails).toHaveLength(3);
    expect(new Set(mails.map(({ code }) => code)).size).toBe(1);
    app.clock.advance(2 * MINUTE);
    await ask(username);
    expect((await lastMailTo(app, email)).code).not.toBe(mails[0]?.code);
  });

  it(
    'leaves no session of before, whatever is opened and renewed at the same time',
    { timeout: 60_000 },
    async () => {
      for (let round = 0; round < 8; round += 1) {
        const { id, username, email, password } = await person();
        const { access_token, refresh_token } = await app.signIn(username, password);
        await ask(username);
        const { code } = await lastMailTo(app, email);
        const signIn = { body: { username, password } };
        const renewal = { body: { refresh_token } };
        await Promise.all([
          app.call('POST', '/signin', signIn),
          app.call('POST', '/tokens/renew_access', renewal),
          reset({ username, code, new_password: NEW }),
          app.call('POST', '/signin', signIn),
          app.call('GET', '/me', { token: access_token }),
        ]);
        const live = 'SELECT id FROM sessions WHERE user_id = ? AND ended_at IS NULL';
        expect(await app.database.query(live, [id])).toEqual([]);
        expect((await app.call('POST', '/signin', signIn)).status).toBe(401);
        expect((await app.call('POST', '/tokens/renew_access', renewal)).status).toBe(401);
        expect((await app.call('POST', '/signin', { body: { username, password: NEW } })).status).toBe(200);
      }
    },
  );
});
