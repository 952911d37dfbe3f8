import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/platform/time/clock.ts';
import {
  forget,
  NEW_PASSWORD,
  newAddress,
  reachable,
  reset,
  tally,
  trySignIn,
  wrong,
} from '../support/account.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { lastMailTo, mailsTo } from '../support/mails.ts';
import { allDone } from '../support/outbox.ts';

let app: TestApp;
let network = 0;
beforeAll(async () => {
  const env = { SIGNUP: 'open', TRUST_PROXY: '127.0.0.1/32', NEW_DEVICE_MAIL: 'false' };
  app = await startApp({ env });
});
afterAll(() => app.close());

/** From a network that has never called before. */
function fromAnywhere() {
  network += 1;
  return from(`10.${network >> 16}.${(network >> 8) & 255}.${network & 255}`);
}

function from(address: string) {
  return { headers: { 'x-forwarded-for': address } };
}

describe('a mailbox', () => {
  it(
    'gets nine mails with codes in a day at most, while a thousand networks ask',
    { timeout: 60_000 },
    async () => {
      const phone = '+8613800138000';
      const owner = { ...(await reachable(app, { phone })), ...from('203.0.113.7') };
      await app.signIn(owner.username, PASSWORD, owner);
      const attacker = await reachable(app);
      const capital = owner.email.toUpperCase();
      const before = (await mailsTo(app, owner.email)).length;

      for (let round = 0; round < 10; round += 1) {
        const { access_token: token } = await app.signIn(attacker.username, PASSWORD, fromAnywhere());
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => [
            forget(app, owner.username, fromAnywhere()),
            forget(app, ` ${capital} `, fromAnywhere()),
            forget(app, '+86 138 0013 8000', fromAnywhere()),
            app.call('POST', '/signup/codes', { ...fromAnywhere(), body: { email: capital } }),
            app.call('POST', '/me/email', { ...fromAnywhere(), token, body: { email: owner.email } }),
          ]).flat(),
        );
        const { '200/0': _sent = 0, '429/10008': limited = 0, ...others } = tally(answers);
        expect(others).toEqual({});
        expect(limited).toBeGreaterThanOrEqual(95);
        await allDone(app);
        app.clock.advance(2.39 * HOUR);
      }
      expect(network).toBeGreaterThanOrEqual(1000);
      const got = (await mailsTo(app, owner.email)).length - before;
      expect(got).toBeGreaterThan(5);
      expect(got).toBeLessThanOrEqual(9);
    },
  );

  it('that nobody has an account with is spared alike', async () => {
    const email = newAddress();
    const attacker = await reachable(app);
    const { access_token: token } = await app.signIn(attacker.username, PASSWORD);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => [
        app.call('POST', '/signup/codes', { ...fromAnywhere(), body: { email } }),
        forget(app, email, fromAnywhere()),
        app.call('POST', '/me/email', { ...fromAnywhere(), token, body: { email: email.toUpperCase() } }),
      ]).flat(),
    );
    expect(tally(answers)).toEqual({ '200/0': 5, '429/10008': 55 });
    expect((await mailsTo(app, email)).length).toBeLessThanOrEqual(5);
  });

  it('still gets a code for its owner, from where they sign in, and the code works', async () => {
    const owner = await reachable(app);
    const home = from('203.0.113.8');
    await app.signIn(owner.username, PASSWORD, home);
    for (let n = 0; n < 8; n += 1) await forget(app, owner.username, fromAnywhere());
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        reset(app, { username: owner.username, code: wrong('000000', n) }, fromAnywhere()),
      ),
    );
    expect((await forget(app, owner.username, fromAnywhere())).status).toBe(429);
    expect((await forget(app, owner.email, home)).status).toBe(200);
    const { code } = await lastMailTo(app, owner.email);
    expect((await reset(app, { username: owner.username, code }, fromAnywhere())).status).toBe(429);
    expect((await reset(app, { username: owner.username, code }, home)).status).toBe(200);
    expect((await trySignIn(app, owner.username, NEW_PASSWORD, home)).status).toBe(200);
  });

  it('is asked for by one network thirty times an hour, for whomever', async () => {
    const one = from('203.0.113.9');
    const asked = [];
    for (let n = 0; n < 32; n += 1) asked.push((await forget(app, `nobody-${n}`, one)).status);
    expect(asked).toEqual([...Array(30).fill(200), 429, 429]);
    expect((await forget(app, 'nobody-100', fromAnywhere())).status).toBe(200);
    app.clock.advance(MINUTE);
    expect((await forget(app, 'nobody-101', one)).status).toBe(429);
    app.clock.advance(HOUR);
    expect((await forget(app, 'nobody-102', one)).status).toBe(200);
  });

  it('of others gets ten codes from one user in a day', async () => {
    const sender = await reachable(app);
    const { access_token: token } = await app.signIn(sender.username, PASSWORD);
    const sent = [];
    for (let n = 0; n < 12; n += 1) {
      const body = { email: newAddress() };
      sent.push((await app.call('POST', '/me/email', { ...fromAnywhere(), token, body })).status);
    }
    expect(sent).toEqual([...Array(10).fill(200), 429, 429]);
  });
});
