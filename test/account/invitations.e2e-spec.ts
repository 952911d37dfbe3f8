import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY, MINUTE } from '../../src/platform/time/clock.ts';
import { NEW_PASSWORD, newAddress, reachable, reset, tally, trySignIn, WIDE } from '../support/account.ts';
import { Administration, refusal, type UserData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';
import { createServiceAccount } from '../support/keys.ts';
import { lastMailTo, mailsTo } from '../support/mails.ts';

const NOBODY = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

let app: TestApp;
let admin: Administration;
let serial = 0;
beforeAll(async () => {
  app = await startApp({ env: WIDE });
});
beforeEach(async () => {
  admin = await Administration.of(app);
});
afterAll(() => app.close());

function newcomer(given: object = {}) {
  serial += 1;
  return { username: `guest-${serial}`, full_name: 'A Guest', email: newAddress(), invite: true, ...given };
}

async function invited(given: object = {}) {
  const body = newcomer(given);
  const user = await admin.done<UserData & { password_set: boolean }>('POST', '/users', body);
  return { ...user, token: (await lastMailTo(app, body.email)).token };
}

const invite = (id: string) => admin.call('POST', `/users/${id}/invitation`);
const dead = async (token: string) => (await reset(app, { code: token })).body.code === 16001;

describe('who is invited', () => {
  it('sets a first password by the link, proves the address by it, and signs in', async () => {
    const guest = await invited();
    expect(guest).toMatchObject({ password_set: false, status: 'active', email_verified: false });
    expect(refusal(await trySignIn(app, guest.username, NEW_PASSWORD))).toEqual([401, 11001]);
    expect((await reset(app, { code: guest.token, new_password: 'password' })).body.code).toBe(12005);
    expect((await reset(app, { code: guest.token })).status).toBe(200);
    await app.signIn(guest.username, NEW_PASSWORD);
    expect(await admin.user(guest.id)).toMatchObject({ password_set: true, email_verified: true });
    expect(await dead(guest.token)).toBe(true);
    const actions = (await admin.eventsOn(guest.id)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['user.invited', 'password.reset', 'signin.succeeded']));
  });

  it('holds one link in all mails of its first half; then a new one, and the old one is dead', async () => {
    const guest = await invited();
    app.clock.advance(3 * DAY);
    admin = await Administration.of(app);
    expect(tally(await Promise.all(Array.from({ length: 5 }, () => invite(guest.id))))).toEqual({
      '200/0': 5,
    });
    const tokens = (await mailsTo(app, guest.email)).map(({ token }) => token);
    expect(tokens).toEqual(Array(6).fill(guest.token));
    app.clock.advance(DAY);
    admin = await Administration.of(app);
    await invite(guest.id);
    const { token } = await lastMailTo(app, guest.email);
    expect(await dead(guest.token)).toBe(true);
    expect((await reset(app, { code: token })).status).toBe(200);
  });

  it('is kept out by disabling, also after that, until another mail; and by deletion', async () => {
    const guest = await invited();
    await admin.done('POST', `/users/${guest.id}/disable`);
    expect(await dead(guest.token)).toBe(true);
    await admin.done('POST', `/users/${guest.id}/enable`);
    expect(await dead(guest.token)).toBe(true);
    await invite(guest.id);
    const { token } = await lastMailTo(app, guest.email);
    await admin.done('DELETE', `/users/${guest.id}`);
    expect(await dead(token)).toBe(true);
  });

  it('has a week; whoever has a password already has a day', async () => {
    const [late, inTime] = [await invited(), await invited()];
    app.clock.advance(7 * DAY - 1);
    expect((await reset(app, { code: inTime.token })).status).toBe(200);
    app.clock.advance(1);
    expect(await dead(late.token)).toBe(true);

    admin = await Administration.of(app);
    const [one, other] = [await reachable(app), await reachable(app)];
    for (const { id } of [one, other]) expect((await invite(id)).status).toBe(200);
    const tokens = [await lastMailTo(app, one.email), await lastMailTo(app, other.email)];
    app.clock.advance(DAY - 1);
    expect((await reset(app, { code: tokens[0]?.token })).status).toBe(200);
    app.clock.advance(1);
    expect(await dead(tokens[1]?.token ?? '')).toBe(true);
  });

  it('keeps the roles that were given, and gets no other address by the link', async () => {
    const { key } = await admin.role(['users:read']);
    const guest = await invited({ roles: [key] });
    await admin.done('PATCH', `/users/${guest.id}`, { email: newAddress() });
    expect(await dead(guest.token)).toBe(true);
    expect(await admin.user(guest.id)).toMatchObject({ roles: [key], password_set: false });
  });
});

describe('who invites', () => {
  it('names an address and no password', async () => {
    const both = { ...newcomer(), password: NEW_PASSWORD };
    expect(refusals(await admin.call('POST', '/users', both))).toEqual(['password: not_with_invite']);
    const { email: _email, ...without } = newcomer();
    expect(refusals(await admin.call('POST', '/users', without))).toEqual(['email: required']);
    const neither = { username: 'neither', full_name: 'A Person', invite: false };
    expect((await admin.call('POST', '/users', neither)).status).toBe(400);
  });

  it('gives no more than they hold: nobody is made and no mail is written', async () => {
    const { key: strong } = await admin.role(['users:delete']);
    const { token } = await admin.personWith(['users:create', 'roles:assign', 'users:set_password']);
    const body = newcomer({ roles: [strong] });
    expect(refusal(await app.call('POST', '/users', { token, body }))).toEqual([403, 13005]);
    expect(await mailsTo(app, body.email)).toEqual([]);
    const { items } = await admin.done<{ items: unknown[] }>('GET', `/users?q=${body.username}`);
    expect(items).toEqual([]);

    const above = await reachable(app, { roles: [strong] });
    const sent = await app.call('POST', `/users/${above.id}/invitation`, { token });
    expect(refusal(sent)).toEqual([403, 13005]);
    expect(await mailsTo(app, above.email)).toEqual([]);
  });

  it('may set passwords, and means a person who exists and has an address', async () => {
    const { token } = await admin.personWith(['users:create', 'users:update', 'users:read']);
    const { id } = await reachable(app);
    expect(refusal(await app.call('POST', `/users/${id}/invitation`, { token }))).toEqual([403, 11004]);
    expect(refusal(await invite(NOBODY))).toEqual([404, 12001]);
    expect(refusal(await invite((await app.createUser()).id))).toEqual([409, 12011]);
    expect((await invite((await createServiceAccount(admin)).id)).status).toBe(409);
  });

  it('sends ten mails to one person in a day', async () => {
    const { id, email } = await reachable(app);
    const sent = [];
    for (let n = 0; n < 12; n += 1) sent.push((await invite(id)).status);
    expect(sent).toEqual([...Array(10).fill(200), 429, 429]);
    expect(await mailsTo(app, email)).toHaveLength(10);
    app.clock.advance(MINUTE);
    expect((await invite(id)).status).toBe(429);
  });
});
