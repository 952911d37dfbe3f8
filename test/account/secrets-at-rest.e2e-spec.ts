import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, SECOND } from '../../src/platform/time/clock.ts';
import { forget, newAddress, reachable, reset, trySignIn, WIDE } from '../support/account.ts';
import { Administration } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { MailServer } from '../support/mail-server.ts';
import { rowsOf, sendRound } from '../support/outbox.ts';

let app: TestApp;
let admin: Administration;
let mail: MailServer;
beforeAll(async () => {
  mail = await MailServer.start();
  app = await startApp({ env: { ...WIDE, ...mail.env, SIGNUP: 'open', LOG_LEVEL: 'trace' } });
});
beforeEach(async () => {
  mail.mode = '451';
  admin = await Administration.of(app);
});
afterAll(async () => {
  await app.close();
  await mail.stop();
});

/** Once the relay takes mails again: the newest one to an address. */
async function mailTo(address: string) {
  mail.mode = 'accept';
  app.clock.advance(11 * SECOND);
  await sendRound(app);
  const text = (await mail.received(1, address)).at(-1)?.parsed.text ?? '';
  return {
    code: /(?<![\w#=-])\d{6}(?!\w)/.exec(text)?.[0] ?? '',
    token: /ghc_[\w-]{64}/.exec(text)?.[0] ?? '',
  };
}

async function tried(): Promise<void> {
  await sendRound(app);
  for (const { tries } of await rowsOf(app)) expect(tries).toBeGreaterThan(0);
}

describe('no secret stands anywhere between the request and the mail', () => {
  it('not in a table, a log line or a metric', async () => {
    const person = await reachable(app);
    const invited = newAddress();
    const [fresh, wanted] = [newAddress(), newAddress()];
    const { access_token: token } = await app.signIn(person.username, PASSWORD);
    await forget(app, person.username);
    await app.call('POST', '/signup/codes', { body: { email: fresh } });
    await app.call('POST', '/me/email', { token, body: { email: wanted } });
    const body = { username: 'with-invitation', full_name: 'A Person', email: invited, invite: true };
    await admin.done('POST', '/users', body);
    const { id } = await app.createUser({ username: 'must-change' });
    await admin.done('POST', `/users/${id}/password`, { new_password: PASSWORD, must_change_password: true });
    const demand = await trySignIn(app, 'must-change', PASSWORD);
    const { challenge } = demand.body.data as unknown as { challenge: string };
    await tried();
    const atRest = await app.dump();
    expect(await rowsOf(app)).toHaveLength(4);

    const mails = [];
    for (const address of [person.email, fresh, wanted, invited]) mails.push(await mailTo(address));
    const secrets = mails.flatMap(({ code, token: link }) => [code, link]).filter((text) => text !== '');
    expect(secrets.length).toBeGreaterThanOrEqual(5);
    await app.call('POST', '/me/email/confirm', { token, body: { code: mails[2]?.code } });
    await reset(app, { code: mails[3]?.token });
    const after = await app.dump();
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    for (const [where, text] of Object.entries({ atRest, after, log: app.lines.join('\n'), metrics })) {
      for (const secret of [...secrets, challenge])
        expect(text, where).not.toMatch(new RegExp(`(?<![0-9])${secret}(?![0-9])`));
    }
    for (const { sealed } of await rowsOf(app)) expect(sealed).toBeNull();
  });

  it('a sealed text or a seed that is moved to the row of somebody else is worth nothing', async () => {
    const [one, other] = [await reachable(app), await reachable(app)];
    await forget(app, one.username);
    await forget(app, other.username);
    await tried();
    const [first, second] = (await rowsOf(app)).filter(({ state }) => state === 'waiting');
    const swap = 'UPDATE outbox SET sealed = ? WHERE id = ?';
    await app.database.query(swap, [second?.sealed ?? '', first?.id ?? '']);
    await app.database.query(swap, [first?.sealed ?? '', second?.id ?? '']);
    mail.mode = 'accept';
    app.clock.advance(11 * SECOND);
    await sendRound(app);
    for (const { email } of [one, other]) expect(mail.mails.filter(({ to }) => to === email)).toEqual([]);

    app.clock.advance(6 * MINUTE);
    for (const { username } of [one, other]) await forget(app, username);
    const codes = [await mailTo(one.email), await mailTo(other.email)];
    const rows = await app.database.query<Array<{ user_id: string; seed: string }>>(
      "SELECT user_id, seed FROM one_time_codes WHERE purpose = 'password' AND user_id IN (?, ?)",
      [one.id, other.id],
    );
    for (const { user_id, seed } of rows) {
      const target = user_id === one.id ? other.id : one.id;
      const sql = "UPDATE one_time_codes SET seed = ? WHERE purpose = 'password' AND user_id = ?";
      await app.database.query(sql, [seed, target]);
    }
    for (const { username } of [one, other]) {
      for (const { code, token } of codes) {
        expect((await reset(app, { username, code })).body.code).toBe(16001);
        expect((await reset(app, { code: token })).body.code).toBe(16001);
      }
    }
  });
});
