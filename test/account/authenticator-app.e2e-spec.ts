import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/platform/time/clock.ts';
import { NEW_PASSWORD, reachable, tally, trySignIn, WIDE } from '../support/account.ts';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type SignInData, type TestApp } from '../support/app.ts';
import { codeOf as appCode } from '../support/factors.ts';
import { mailsTo } from '../support/mails.ts';

interface Demand {
  readonly challenge: string;
  readonly challenge_expires_at: string;
  readonly factors?: readonly string[];
}

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNIN_ACCOUNT_ATTEMPTS: '1000' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const codeOf = (secret: string, steps = 0) => appCode(app, secret, steps);

/** The next time step, so that a code is another one. */
const later = () => app.clock.advance(30 * SECOND);

/** Somebody with an app. */
async function enrolled() {
  const person = await reachable(app);
  const session = await app.signIn(person.username, PASSWORD);
  const token = session.access_token;
  const proposed = await app.call<{ challenge: string; secret: string; otpauth_uri: string }>(
    'POST',
    '/me/totp',
    { token },
  );
  const { challenge, secret, otpauth_uri } = proposed.body.data;
  expect(otpauth_uri).toContain(`otpauth://totp/Gatehouse:${person.username}?`);
  const confirmed = await app.call<{ recovery_codes: string[] }>('POST', '/me/totp/confirm', {
    token,
    body: { challenge, code: codeOf(secret) },
  });
  expect(confirmed.status, confirmed.text).toBe(200);
  later();
  return { ...person, token, secret, challenge, recovery: confirmed.body.data.recovery_codes };
}

async function demand(username: string, code = 11007): Promise<Demand> {
  const answer = await trySignIn(app, username, PASSWORD);
  expect(refusal(answer), answer.text).toEqual([401, code]);
  return answer.body.data as unknown as Demand;
}

const show = (challenge: string, code: string) =>
  app.call<SignInData>('POST', '/signin/code', { body: { challenge, code } });

const factors = (token: string) =>
  app.call<{ totp: object | null; recovery_codes_left: number; required: boolean }>('GET', '/me/factors', {
    token,
  });

describe('an authenticator app', () => {
  it('is asked for at each sign-in once its first code was shown', async () => {
    const { id, username, token, secret, recovery, email } = await enrolled();
    expect(recovery).toHaveLength(10);
    expect(new Set(recovery).size).toBe(10);
    for (const code of recovery) expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(await admin.user(id)).toMatchObject({ second_factor: true });
    const demanded = await demand(username);
    expect(Object.keys(demanded)).toEqual(['challenge', 'challenge_expires_at', 'factors']);
    expect(demanded.factors).toEqual(['totp', 'recovery_code']);
    const answer = await show(demanded.challenge, codeOf(secret));
    expect(Object.keys(answer.body.data)).toEqual(Object.keys((await app.signIn()) as object));
    const { access_token } = answer.body.data;
    const sessions = await app.call<{ items: Array<{ proof: string[]; current: boolean }> }>(
      'GET',
      '/me/sessions',
      {
        token: access_token,
      },
    );
    expect(sessions.body.data.items.find(({ current }) => current)?.proof).toEqual(['password', 'totp']);
    expect((await factors(token)).body.data).toMatchObject({ recovery_codes_left: 10, required: false });
    expect((await mailsTo(app, email)).at(-1)?.text).toContain(username);
  });

  it('takes a code once: at parallel challenges, at enrolment and afterwards, and none of an older step', async () => {
    const { username, secret } = await enrolled();
    const challenges = await Promise.all(Array.from({ length: 5 }, () => demand(username)));
    const older = codeOf(secret, -1);
    const code = codeOf(secret);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => show(challenges[nth % 5]?.challenge ?? '', code)),
    );
    const { '200/0': opened, ...refused } = tally(answers);
    expect(opened).toBe(1);
    expect(Object.keys(refused).every((one) => ['403/11008', '403/11009', '429/10008'].includes(one))).toBe(
      true,
    );
    const { challenge } = await demand(username);
    expect(refusal(await show(challenge, code))).toEqual([403, 11008]);
    expect(refusal(await show(challenge, older))).toEqual([403, 11008]);
    later();
    expect((await show(challenge, codeOf(secret))).status).toBe(200);
    expect(refusal(await show(challenge, codeOf(secret)))).toEqual([403, 11009]);
  });

  it('is guessed 10 times in 15 minutes, whatever the challenge; the person is told and still gets in by a recovery code', async () => {
    const { username, email, recovery, secret } = await enrolled();
    const wrong = (nth: number) => String((Number(codeOf(secret)) + 1 + nth) % 1_000_000).padStart(6, '0');
    const challenges = await Promise.all(Array.from({ length: 4 }, () => demand(username)));
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, nth) => show(challenges[nth % 4]?.challenge ?? '', wrong(nth))),
    );
    expect(tally(answers)['403/11008']).toBeLessThanOrEqual(10);
    expect(tally(answers)['429/10008']).toBeGreaterThanOrEqual(50);
    expect((await mailsTo(app, email)).filter(({ text }) => /password/i.test(text)).length).toBeGreaterThan(
      0,
    );
    const answer = await show(
      (await demand(username)).challenge,
      recovery[0]?.toLowerCase().replaceAll('-', ' ') ?? '',
    );
    expect(answer.status, answer.text).toBe(200);
    expect((await factors(answer.body.data.access_token)).body.data.recovery_codes_left).toBe(9);
    expect(refusal(await show((await demand(username)).challenge, recovery[0] ?? ''))).toEqual([403, 11008]);
  });

  it('takes a recovery code once, however many show it at once', async () => {
    const { username, recovery } = await enrolled();
    const challenges = await Promise.all(Array.from({ length: 5 }, () => demand(username)));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, nth) => show(challenges[nth % 5]?.challenge ?? '', recovery[3] ?? '')),
    );
    expect(tally(answers)['200/0']).toBe(1);
  });

  it('opens nothing for a sign-in that began before it', async () => {
    const person = await reachable(app, { must_change_password: true });
    const begun = await demand(person.username, 11010);
    await app.database.query('UPDATE users SET second_factor_at = ? WHERE id = ?', [
      app.clock.now(),
      person.id,
    ]);
    const body = { challenge: begun.challenge, new_password: NEW_PASSWORD };
    expect(refusal(await app.call('POST', '/signin/password', { body }))).toEqual([403, 11009]);
  });

  it('is asked for before a new password, and both before a session', async () => {
    const { id, username, secret } = await enrolled();
    await app.database.query('UPDATE users SET must_change_password = 1 WHERE id = ?', [id]);
    const { challenge } = await demand(username);
    const body = { challenge, new_password: NEW_PASSWORD };
    expect(refusal(await app.call('POST', '/signin/password', { body })), 'out of order').toEqual([
      403, 11009,
    ]);
    const next = await show(challenge, codeOf(secret));
    expect(refusal(next)).toEqual([401, 11010]);
    const further = (next.body.data as unknown as Demand).challenge;
    const last = await app.call('POST', '/signin/password', {
      body: { challenge: further, new_password: NEW_PASSWORD },
    });
    expect(last.status, last.text).toBe(200);
  });

  it('is removed in a fresh session; the codes go with it, other sessions end', async () => {
    const { username, token, secret } = await enrolled();
    const other = (await show((await demand(username)).challenge, codeOf(secret))).body.data.access_token;
    expect((await app.call('DELETE', '/me/totp', { token })).status).toBe(200);
    expect((await app.call('GET', '/me', { token: other })).status).toBe(401);
    expect((await factors(token)).body.data).toMatchObject({ totp: null, recovery_codes_left: 0 });
    expect(refusal(await app.call('DELETE', '/me/totp', { token }))).toEqual([404, 12013]);
    await app.signIn(username, PASSWORD);
  });

  it('is needed to be fresh again, beside the password, and each is refused by its own number', async () => {
    const { token, secret } = await enrolled();
    const confirm = (body: object) => app.call('POST', '/me/reauthentication', { token, body });
    app.clock.advance(11 * MINUTE);
    expect(refusal(await app.call('DELETE', '/me/totp', { token }))).toEqual([403, 11012]);
    expect(refusal(await confirm({ password: PASSWORD }))).toEqual([403, 11008]);
    expect(refusal(await confirm({ password: 'not this one', code: codeOf(secret) }))).toEqual([403, 11005]);
    expect(refusal(await confirm({ password: PASSWORD, code: '000000' }))).toEqual([403, 11008]);
    later();
    expect((await confirm({ password: PASSWORD, code: codeOf(secret) })).status).toBe(200);
    expect((await app.call('DELETE', '/me/totp', { token })).status).toBe(200);
  });

  it('is reset by an administrator, and never by whoever has less', async () => {
    const { id, username, token, email } = await enrolled();
    const { token: less } = await (await Administration.of(app)).personWith(['users:update']);
    expect(refusal(await app.call('DELETE', `/users/${id}/factors`, { token: less }))).toEqual([403, 11004]);
    const { access_token: full } = await app.signIn();
    expect((await app.call('DELETE', `/users/${id}/factors`, { token: full })).status).toBe(200);
    expect((await app.call('GET', '/me', { token })).status).toBe(401);
    await app.signIn(username, PASSWORD);
    expect((await mailsTo(app, email)).at(-1)?.subject).toMatch(/./);
  });
});

describe('SECOND_FACTOR_REQUIRED', () => {
  it('has whoever needs a factor set one up before a session, and ends sessions without one', async () => {
    const strict = await startApp({
      testDatabase: app.testDatabase.lane === 'mysql' ? app.testDatabase : undefined,
      clock: app.clock,
      env: { ...WIDE, SECOND_FACTOR_REQUIRED: 'all' },
    }).catch((error: unknown) => error);
    if (strict instanceof Error) throw strict;
    const on = strict as TestApp;
    const body = { username: on.admin.username, password: on.admin.password };
    const begun = await on.call<SignInData>('POST', '/signin', { body });
    expect(refusal(begun)).toEqual([401, 11011]);
    const { challenge } = begun.body.data as unknown as Demand;
    const proposed = await on.call<{ challenge: string; secret: string }>('POST', '/signin/totp', {
      body: { challenge },
    });
    const { secret } = proposed.body.data;
    const done = await on.call<SignInData>('POST', '/signin/code', {
      body: { challenge: proposed.body.data.challenge, code: codeOf(secret) },
    });
    expect(done.status, done.text).toBe(200);
    const token = done.body.data.access_token;
    expect(refusal(await on.call('DELETE', '/me/totp', { token }))).toEqual([409, 12012]);
    await on.database.query('UPDATE users SET second_factor_at = NULL WHERE username = ?', [
      on.admin.username,
    ]);
    expect(refusal(await on.call('GET', '/me', { token }))).toEqual([401, 11002]);
    const { refresh_token } = done.body.data;
    expect(refusal(await on.call('POST', '/tokens/renew_access', { body: { refresh_token } }))).toEqual([
      401, 11003,
    ]);
    await on.close();
  });
});
