import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IsNull } from 'typeorm';
import { digitsOf, linkTokenOf } from '../../src/codes/code-derivation.ts';
import { CodesService } from '../../src/codes/codes.service.ts';
import { OneTimeCode } from '../../src/codes/one-time-code.entity.ts';
import { Sealing } from '../../src/keyring/sealing.ts';
import { HOUR, MINUTE } from '../../src/platform/time/clock.ts';
import {
  forget,
  NEW_PASSWORD,
  newAddress,
  reachable,
  reset,
  tally,
  trySignIn,
  WIDE,
  wrong,
} from '../support/account.ts';
import { Administration } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { lastMailTo } from '../support/mails.ts';

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNUP: 'open' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function codeOf(given: object = {}) {
  const person = await reachable(app, given);
  await forget(app, person.username);
  return { ...person, ...(await lastMailTo(app, person.email)) };
}

describe('a code', () => {
  it('is spent once, however many bring it at once', async () => {
    const { username, code } = await codeOf();
    const passwords = Array.from({ length: 50 }, (_, n) => `${NEW_PASSWORD}-${n}`);
    const answers = await Promise.all(
      passwords.map((new_password) => reset(app, { username, code, new_password })),
    );
    const { '200/0': done, '403/16001': late = 0, '429/10008': counted = 0, ...others } = tally(answers);
    expect([done, others]).toEqual([1, {}]);
    expect(late + counted).toBe(49);
    const winner = passwords[answers.findIndex(({ status }) => status === 200)] ?? '';
    await app.signIn(username, winner);
    expect((await trySignIn(app, username, PASSWORD)).status).toBe(401);
  });

  it('as the token of a link is spent once, too', async () => {
    const { username, email, id } = await codeOf({ password: PASSWORD });
    await admin.done('POST', `/users/${id}/invitation`);
    const { token } = await lastMailTo(app, email);
    expect(token).not.toBe('');
    const passwords = Array.from({ length: 20 }, (_, n) => `${NEW_PASSWORD}-${n}`);
    const answers = await Promise.all(
      passwords.map((new_password) => reset(app, { code: token, new_password })),
    );
    expect(tally(answers)).toEqual({ '200/0': 1, '403/16001': 19 });
    await app.signIn(username, passwords[answers.findIndex(({ status }) => status === 200)]);
  });

  it('is compared five times at most, whatever comes at once, and a new code gives no new guesses', async () => {
    const { username, email, code } = await codeOf();
    const guesses = Array.from({ length: 200 }, (_, n) => reset(app, { username, code: wrong(code, n + 1) }));
    const right = reset(app, { username, code });
    const answers = await Promise.all([...guesses, right]);
    const { '403/16001': compared = 0, '429/10008': limited = 0, ...others } = tally(answers);
    expect(others).toEqual({});
    expect(compared).toBeLessThanOrEqual(5);
    expect(compared + limited).toBe(201);
    expect(answers.at(-1)?.headers['retry-after']).toMatch(/^\d+$/);

    app.clock.advance(6 * MINUTE);
    await forget(app, email);
    const { code: next } = await lastMailTo(app, email);
    expect(next).not.toBe(code);
    // The waits beyond the limit admit one attempt each.
    expect((await reset(app, { username, code: wrong(next) })).status).toBe(403);
    expect((await reset(app, { username, code: next })).status).toBe(429);
  });

  it('is compared five times at most also for a new address and for a sign-up', async () => {
    const { username } = await reachable(app);
    const { access_token: token } = await app.signIn(username, PASSWORD);
    const [wanted, fresh] = [newAddress(), newAddress()];
    await app.call('POST', '/me/email', { token, body: { email: wanted } });
    await app.call('POST', '/signup/codes', { body: { email: fresh } });
    const codes = [(await lastMailTo(app, wanted)).code, (await lastMailTo(app, fresh)).code];
    const profile = { email: fresh, username: 'guesser', full_name: 'A Guesser', password: NEW_PASSWORD };
    const tries = [
      (code: string) => app.call('POST', '/me/email/confirm', { token, body: { code } }),
      (code: string) => app.call('POST', '/signup', { body: { ...profile, code } }),
    ];
    for (const [n, guess] of tries.entries()) {
      const code = codes[n] ?? '';
      const guesses = Array.from({ length: 40 }, (_, nth) => guess(wrong(code, nth + 1)));
      const { '403/16001': compared = 0, '429/10008': limited = 0 } = tally(await Promise.all(guesses));
      expect(compared).toBeLessThanOrEqual(5);
      expect(compared + limited).toBe(40);
      expect((await guess(code)).status).toBe(429);
    }
  });

  it('is counted and spent by all replicas together', async () => {
    if (app.database.dialect !== 'mysql') return;
    const other = await startApp({ testDatabase: app.testDatabase, clock: app.clock, env: WIDE });
    const at = (n: number) => (n % 2 === 0 ? app : other);
    try {
      const guessed = await codeOf();
      const { username, code } = guessed;
      const guesses = Array.from({ length: 40 }, (_, n) =>
        reset(at(n), { username, code: wrong(code, n + 1) }),
      );
      expect(tally(await Promise.all(guesses))['403/16001']).toBeLessThanOrEqual(5);
      for (const n of [0, 1]) expect((await reset(at(n), { username, code })).status).toBe(429);

      const { token } = await codeOf();
      const uses = Array.from({ length: 20 }, (_, n) =>
        reset(at(n), { code: token, new_password: `${NEW_PASSWORD}-${n}` }),
      );
      expect(tally(await Promise.all(uses))).toEqual({ '200/0': 1, '403/16001': 19 });
    } finally {
      await other.close();
    }
  });

  it('fits one purpose and one person: everywhere else it is wrong, in the very same bytes', async () => {
    const mine = await codeOf();
    const theirs = await codeOf();
    const { access_token: token } = await app.signIn(mine.username, PASSWORD);
    const address = newAddress();
    await app.call('POST', '/me/email', { token, body: { email: address } });
    const { code: emailCode } = await lastMailTo(app, address);
    const fresh = newAddress();
    await app.call('POST', '/signup/codes', { body: { email: fresh } });
    const { code: signUpCode } = await lastMailTo(app, fresh);
    const profile = { username: 'nobody-at-all', full_name: 'Nobody', password: NEW_PASSWORD };

    const answers = [
      await reset(app, { username: mine.username, code: theirs.code }),
      await reset(app, { username: mine.username, code: emailCode }),
      await reset(app, { username: mine.username, code: signUpCode }),
      await reset(app, { username: fresh, code: signUpCode }),
      await reset(app, { username: 'nobody-at-all', code: mine.code }),
      await reset(app, { code: mine.token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }),
      await reset(app, { code: `ghc_${theirs.token.slice(4, 26)}${mine.token.slice(26)}` }),
      await app.call('POST', '/me/email/confirm', { token, body: { code: mine.code } }),
      await app.call('POST', '/me/email/confirm', { token, body: { code: mine.token } }),
      await app.call('POST', '/signup', { body: { ...profile, email: fresh, code: mine.code } }),
      await app.call('POST', '/signup', { body: { ...profile, email: fresh, code: mine.token } }),
      await app.call('POST', '/signup', { body: { ...profile, email: address, code: emailCode } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.body.code).toBe(16001);
    // None of this has spent it.
    expect((await reset(app, { username: mine.username, code: mine.code })).status).toBe(200);
  });

  it('that was made for nobody is worth nothing, even to whoever could derive it', async () => {
    const [mine, theirs] = [await reachable(app), await reachable(app)];
    const { access_token: token } = await app.signIn(mine.username, PASSWORD);
    await app.call('POST', '/me/email', { token, body: { email: theirs.email } });
    await app.call('POST', '/signup/codes', { body: { email: theirs.email } });
    await forget(app, 'nobody-there');
    const rows = await app.database
      .getRepository(OneTimeCode)
      .findBy({ recipient: IsNull(), usedAt: IsNull() });
    const { key } = app.nest.get(Sealing, { strict: false }).codesKey();
    const profile = { email: theirs.email, username: 'taker', full_name: 'A Taker', password: NEW_PASSWORD };
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const row of rows) {
      const code = digitsOf(row, key);
      const answers = [
        await app.call('POST', '/me/email/confirm', { token, body: { code } }),
        await app.call('POST', '/signup', { body: { ...profile, code } }),
        await reset(app, { username: 'nobody-there', code }),
        await reset(app, { code: linkTokenOf(row, mine.id, key) }),
      ];
      expect(Object.keys(tally(answers)).filter((one) => !/^(403.16001|429.10008)$/.test(one))).toEqual([]);
    }
    expect((await admin.user(mine.id)).email).toBe(mine.email);
  });

  it('is not spent by looking at it', async () => {
    const { username, code, token } = await codeOf();
    for (const secret of [code, token]) {
      for (const path of ['/password/reset', '/password/codes', '/signup', '/me/email/confirm', '/users']) {
        for (const method of ['GET', 'HEAD', 'OPTIONS']) {
          await app.call(method, `${path}/${secret}`);
          await app.call(method, `${path}?code=${secret}`);
        }
      }
    }
    expect(app.lines.join('\n')).not.toContain(token);
    expect((await reset(app, { username, code })).status).toBe(200);
  });
});

describe('a code dies', () => {
  const expectDead = async (person: { username: string; code: string; token: string }) => {
    expect((await reset(app, { username: person.username, code: person.code })).body.code).toBe(16001);
    expect((await reset(app, { code: person.token })).body.code).toBe(16001);
  };

  it('after ten minutes', async () => {
    const dead = await codeOf();
    const alive = await codeOf();
    app.clock.advance(10 * MINUTE - 1);
    expect((await reset(app, { username: alive.username, code: alive.code })).status).toBe(200);
    app.clock.advance(1);
    await expectDead(dead);
  });

  it('with a change of the password, by the person or by an administrator', async () => {
    admin = await Administration.of(app);
    const one = await codeOf();
    const { access_token: token } = await app.signIn(one.username, PASSWORD);
    const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
    expect((await app.call('POST', '/me/password', { token, body })).status).toBe(200);
    await expectDead(one);
    const other = await codeOf();
    await admin.done('POST', `/users/${other.id}/password`, { new_password: NEW_PASSWORD });
    await expectDead(other);
  });

  it('with a change of the address, by the person or by an administrator', async () => {
    const one = await codeOf();
    await admin.done('PATCH', `/users/${one.id}`, { email: newAddress() });
    await expectDead(one);
    const other = await codeOf();
    const { access_token: token } = await app.signIn(other.username, PASSWORD);
    const address = newAddress();
    await app.call('POST', '/me/email', { token, body: { email: address } });
    const { code } = await lastMailTo(app, address);
    expect((await app.call('POST', '/me/email/confirm', { token, body: { code } })).status).toBe(200);
    await expectDead(other);
  });

  it('for a new address, when an administrator changes the address meanwhile', async () => {
    const one = await reachable(app);
    const { access_token: token } = await app.signIn(one.username, PASSWORD);
    const [address, given] = [newAddress(), newAddress()];
    await app.call('POST', '/me/email', { token, body: { email: address } });
    const { code } = await lastMailTo(app, address);
    await admin.done('PATCH', `/users/${one.id}`, { email: given });
    expect((await app.call('POST', '/me/email/confirm', { token, body: { code } })).body.code).toBe(16001);
  });

  it('when the account is disabled, also once it is enabled again, and when it is deleted', async () => {
    const one = await codeOf();
    await admin.done('POST', `/users/${one.id}/disable`);
    await expectDead(one);
    await admin.done('POST', `/users/${one.id}/enable`);
    await expectDead(one);
    const other = await codeOf();
    await admin.done('DELETE', `/users/${other.id}`);
    await expectDead(other);
    await app.createUser({ username: other.username, email: other.email });
    await expectDead(other);
  });

  it('and is removed a day after its end, when a younger one of the same person still works', async () => {
    const { id, username, email, ...old } = await codeOf();
    admin = await Administration.of(app);
    await admin.done('POST', `/users/${id}/invitation`);
    const { token } = await lastMailTo(app, email);
    app.clock.advance(HOUR);
    await expectDead({ username, ...old });
    app.clock.advance(22 * HOUR);
    const codes = app.nest.get(CodesService, { strict: false });
    await codes.sweep();
    const left = () =>
      app.database.query('SELECT purpose FROM one_time_codes WHERE user_id = ? ORDER BY purpose', [id]);
    expect(await left()).toEqual([{ purpose: 'invitation' }, { purpose: 'password' }]);
    app.clock.advance(55 * MINUTE);
    expect((await reset(app, { code: token })).status).toBe(200);
    app.clock.advance(15 * MINUTE);
    await codes.sweep();
    expect(await left()).toEqual([{ purpose: 'invitation' }]);
  });
});
