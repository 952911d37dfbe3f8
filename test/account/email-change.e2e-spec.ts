import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditSequencer } from '../../src/audit/audit.sequencer.ts';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { newAddress, tally, WIDE, wrong } from '../support/account.ts';
import { Administration, refusal, type Person, type UserData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { createKey, createServiceAccount } from '../support/keys.ts';
import { lastMailTo, mailsTo } from '../support/mails.ts';

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: WIDE });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function somebody(): Promise<Person & { readonly email: string }> {
  const email = newAddress();
  return { ...(await admin.person({ email })), email };
}

const want = (token: string, email: string) => app.call('POST', '/me/email', { token, body: { email } });
const confirm = (token: string, code: string) =>
  app.call<UserData & { email_verified: boolean }>('POST', '/me/email/confirm', { token, body: { code } });

async function codeTo(token: string, address: string): Promise<string> {
  expect((await want(token, address)).status).toBe(200);
  return (await lastMailTo(app, address.toLowerCase())).code;
}

describe('an e-mail address', () => {
  it('changes by a code to the new one: other sessions end, and both addresses are told', async () => {
    const person = await somebody();
    const other = await app.signIn(person.username, PASSWORD);
    const address = newAddress();
    const code = await codeTo(person.token, address.toUpperCase());
    expect((await admin.user(person.id)).email).toBe(person.email);

    const changed = await confirm(person.token, ` ${code.slice(0, 3)} ${code.slice(3)}`);
    expect(changed.body.data).toMatchObject({ email: address, email_verified: true });
    expect((await app.call('GET', '/me', { token: person.token })).status).toBe(200);
    expect(refusal(await app.call('GET', '/me', { token: other.access_token }))).toEqual([401, 11002]);
    for (const told of [person.email, address]) {
      const mail = await lastMailTo(app, told);
      expect([mail.code, mail.text.includes(person.username)], told).toEqual(['', true]);
      expect(mail.subject).toMatch(/e-?mail/i);
    }
    expect((await mailsTo(app, person.email)).length).toBe(1);
    expect((await mailsTo(app, address)).length).toBe(2);
    const events = (await admin.eventsOn(person.id)).filter(({ action }) => action === 'user.email_changed');
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).not.toContain('@');
    await app.signIn(address, PASSWORD);
    expect(
      (await app.call('POST', '/signin', { body: { username: person.email, password: PASSWORD } })).status,
    ).toBe(401);
  });

  it('that is the present one is proved: no session ends, and nobody is told', async () => {
    const person = await somebody();
    const other = await app.signIn(person.username, PASSWORD);
    const proved = await confirm(person.token, await codeTo(person.token, person.email));
    expect(proved.body.data).toMatchObject({ email: person.email, email_verified: true });
    expect((await app.call('GET', '/me', { token: other.access_token })).status).toBe(200);
    expect(await mailsTo(app, person.email)).toHaveLength(1);
    const actions = (await admin.eventsOn(person.id)).map(({ action }) => action);
    expect(actions).toContain('user.email_verified');
    expect(actions).not.toContain('user.email_changed');
  });

  it('needs a fresh session', async () => {
    const person = await somebody();
    const code = await codeTo(person.token, newAddress());
    app.clock.advance(9 * MINUTE);
    expect((await confirm(person.token, wrong(code))).status).toBe(403);
    const stale = await somebody();
    app.clock.advance(11 * MINUTE);
    expect(refusal(await want(stale.token, newAddress()))).toEqual([403, 11012]);
    admin = await Administration.of(app);
  });

  it('is given by nobody else’s code, nor by the one before', async () => {
    const [mine, theirs] = [await somebody(), await somebody()];
    const [first, second, foreign] = [newAddress(), newAddress(), newAddress()];
    const old = await codeTo(mine.token, first);
    const code = await codeTo(mine.token, second);
    const stolen = await codeTo(theirs.token, foreign);
    for (const bad of [old, stolen, wrong(code)].filter((one) => one !== code))
      expect(refusal(await confirm(mine.token, bad))).toEqual([403, 16001]);
    expect((await confirm(mine.token, code)).body.data.email).toBe(second);
    expect(refusal(await confirm(mine.token, code))).toEqual([403, 16001]);
  });

  it('that somebody has taken meanwhile stays theirs; the attempt is given back', async () => {
    const person = await somebody();
    const address = newAddress();
    const code = await codeTo(person.token, address);
    const { id } = await app.createUser({ email: address });
    for (let n = 0; n < 7; n += 1) expect(refusal(await confirm(person.token, code))).toEqual([409, 12003]);
    await admin.done('PATCH', `/users/${id}`, { email: '' });
    expect((await confirm(person.token, code)).body.data.email).toBe(address);
  });

  it('of an account gets a mail without a code, and whoever wanted it learns nothing', async () => {
    const [mine, theirs] = [await somebody(), await somebody()];
    const { text } = await want(mine.token, theirs.email);
    expect(text).toBe((await want(mine.token, newAddress())).text);
    const mail = await lastMailTo(app, theirs.email);
    expect([mail.code, mail.token]).toEqual(['', '']);
    expect(mail.text).not.toContain(mine.username);
  });

  it('goes to one of two who want it at once', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => somebody()));
    const address = newAddress();
    // Of each the newest mail to the address, because five a day are sent there.
    const codes = [];
    for (const { token } of people.slice(0, 5)) codes.push(await codeTo(token, address));
    const answers = await Promise.all(codes.map((code, n) => confirm(people[n]?.token ?? '', code)));
    expect(tally(answers)).toEqual({ '200/0': 1, '409/12003': 4 });
  });

  it('is changed once by one code at once', async () => {
    const person = await somebody();
    const code = await codeTo(person.token, newAddress());
    const answers = await Promise.all(Array.from({ length: 30 }, () => confirm(person.token, code)));
    const { '200/0': done, '403/16001': _late, '429/10008': _counted, ...rest } = tally(answers);
    expect([done, rest]).toEqual([1, {}]);
    const events = (await admin.eventsOn(person.id)).filter(({ action }) => action === 'user.email_changed');
    expect(events).toHaveLength(1);
  });

  it('that changes is told to other services with the sessions that ended', async () => {
    const service = await createServiceAccount(admin, ['tokens:introspect']);
    const { secret } = await createKey(admin, service.id, ['tokens:introspect']);
    const number = () => app.nest.get(AuditSequencer, { strict: false }).number();
    const person = await somebody();
    const other = await app.signIn(person.username, PASSWORD);
    const code = await codeTo(person.token, newAddress());
    await confirm(person.token, code);
    await number();
    const event = (await admin.eventsOn(person.id)).find(({ action }) => action === 'user.email_changed');
    const after = (event?.seq ?? 1) - 1;
    const feed = await app.call<{ items: Array<{ ended?: string[] }> }>(
      'GET',
      `/tokens/changes?after=${after}`,
      {
        token: secret,
      },
    );
    expect(feed.body.data.items[0]?.ended).toEqual([other.session_id]);
  });
});

describe('an administrator who changes an address', () => {
  it('makes it unproved, and the old one is told without where that was done from', async () => {
    const person = await somebody();
    await confirm(person.token, await codeTo(person.token, person.email));
    const address = newAddress();
    const changed = await admin.done<object>('PATCH', `/users/${person.id}`, { email: address });
    expect(changed).toMatchObject({ email: address, email_verified: false });
    const { text } = await lastMailTo(app, person.email);
    expect(text).toContain(person.username);
    expect(text).not.toContain('127.0.0.1');
    expect(text).not.toContain(address);
    expect(await mailsTo(app, address)).toEqual([]);
  });
});
