import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECOND, toTimestamp } from '../../src/platform/time/clock.ts';
import { newAddress, NEW_PASSWORD, reachable, WIDE } from '../support/account.ts';
import { Administration, refusal, type ListData, type UserData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';
import { createKey, createServiceAccount } from '../support/keys.ts';

interface SessionData {
  readonly id: string;
  readonly proof: readonly string[];
  readonly authenticated_at: string;
  readonly created_at: string;
  readonly current: boolean;
}

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: WIDE });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const patch = (token: string, body: unknown) => app.call<UserData>('PATCH', '/me', { token, body });
const updates = async (id: string) =>
  (await admin.eventsOn(id)).filter(({ action }) => action === 'user.updated').map(({ detail }) => detail);

describe('PATCH /me', () => {
  it('changes the name and the language, in a session that is not fresh, too', async () => {
    const { token, id, username } = await admin.person();
    app.clock.advance(11 * 60 * SECOND);
    const changed = await patch(token, { full_name: '  Mei  Lin ', language: 'zh-CN' });
    expect(changed.body.data).toMatchObject({ id, username, language: 'zh-CN' });
    expect(changed.body.data.full_name.trim()).toBe(changed.body.data.full_name);
    const me = await app.call('GET', '/me', { token });
    expect(me.body.data).toMatchObject({ full_name: changed.body.data.full_name, language: 'zh-CN' });
    expect((await patch(token, { language: '' })).body.data).toMatchObject({ language: '' });
    admin = await Administration.of(app);
    expect((await updates(id)).map((detail) => JSON.stringify(detail))).not.toContain('Mei');
    const { items } = await admin.done<ListData<UserData>>('GET', '/users?q=mei');
    expect(items.map((one) => one.id)).toContain(id);
  });

  it('records nothing where nothing is given or new', async () => {
    const { token, id } = await admin.person({ full_name: 'Old Name' });
    for (const body of [{}, { full_name: 'Old Name' }, { language: '' }])
      expect((await patch(token, body)).status).toBe(200);
    expect(await updates(id)).toEqual([]);
  });

  it.each([
    [{ language: 'fr' }],
    [{ language: null }],
    [{ language: 'zh-cn' }],
    [{ full_name: '' }],
    [{ full_name: 'x'.repeat(129) }],
    [{ full_name: null }],
    [{ email: 'me@example.com' }],
    [{ username: 'root' }],
    [{ roles: ['administrator'] }],
    [{ email_verified: true }],
    [{ must_change_password: false }],
    [{ status: 'active' }],
    [{ id: 'x' }],
    [[]],
  ])('takes nothing else: %j', async (body) => {
    const { token } = await admin.person();
    expect(refusals(await patch(token, body)).length).toBeGreaterThan(0);
  });

  it('changes nobody but the person, and is not for keys', async () => {
    const { token } = await admin.person();
    const other = await app.createUser({ full_name: 'Somebody Else' });
    await patch(token, { full_name: 'Only Mine' });
    expect((await admin.user(other.id)).full_name).toBe('Somebody Else');
    const service = await createServiceAccount(admin, ['users:read']);
    const { secret } = await createKey(admin, service.id, ['users:read']);
    expect((await patch(secret, { full_name: 'A Program' })).status).toBe(403);
    expect((await app.call('PATCH', '/me', { body: { full_name: 'x' } })).status).toBe(401);
  });
});

describe('a user', () => {
  it('shows what belongs to the life of an account, in every answer alike', async () => {
    const email = newAddress();
    const given = { email, language: 'en', email_verified: true, must_change_password: true };
    const body = { username: 'whole-life', full_name: 'A Person', password: PASSWORD, ...given };
    const life = { ...given, password_set: true, second_factor: false };
    const user = await admin.done<UserData>('POST', '/users', body);
    expect(user).toMatchObject(life);
    expect(await admin.user(user.id)).toMatchObject(life);
    const { items } = await admin.done<ListData<UserData>>('GET', '/users?q=whole-life');
    expect(items[0]).toMatchObject(life);
    expect(Object.keys(items[0] ?? {})).toEqual(Object.keys(user));
  });

  it('has defaults that claim nothing', async () => {
    const { id } = await reachable(app);
    const defaults = { language: '', email_verified: false, must_change_password: false };
    expect(await admin.user(id)).toMatchObject({ ...defaults, password_set: true, second_factor: false });
    const service = await createServiceAccount(admin);
    expect(await admin.user(service.id)).toMatchObject({ ...defaults, password_set: false });
  });

  it('is proved, unproved and given a language by an administrator', async () => {
    const { id } = await reachable(app);
    const change = (body: object) => admin.done('PATCH', `/users/${id}`, body);
    expect(await change({ email_verified: true, language: 'zh-CN' })).toMatchObject({
      email_verified: true,
      language: 'zh-CN',
    });
    expect(await change({ full_name: 'Another' })).toMatchObject({ email_verified: true });
    expect(await change({ email: newAddress() })).toMatchObject({ email_verified: false });
    expect(await change({ email: newAddress(), email_verified: true })).toMatchObject({
      email_verified: true,
    });
    expect(await change({ email_verified: false, language: '' })).toMatchObject({
      email_verified: false,
      language: '',
    });
    expect(await change({ email_verified: true })).toMatchObject({ email_verified: true });
    expect(await change({ email: '' })).toMatchObject({ email: '', email_verified: false });
    const without = await admin.call('PATCH', `/users/${id}`, { email_verified: true });
    expect(refusals(without)).toEqual(['email: required']);
  });

  it('is nobody’s to prove for themselves, nor a program', async () => {
    const self = await admin.personWith(['users:update', 'users:read'], { email: newAddress() });
    const proof = { token: self.token, body: { email_verified: true } };
    expect(refusal(await app.call('PATCH', `/users/${self.id}`, proof))).toEqual([409, 12007]);
    const service = await createServiceAccount(admin);
    for (const body of [{ email_verified: true }, { email: newAddress() }])
      expect((await admin.call('PATCH', `/users/${service.id}`, body)).status).toBe(409);
    const program = { kind: 'service', username: 'a-program', full_name: 'A Program' };
    for (const more of [{ invite: true }, { must_change_password: true }, { email_verified: true }])
      expect((await admin.call('POST', '/users', { ...program, ...more })).status).toBe(400);
  });
});

describe('a session', () => {
  it('shows by what and when its person has shown who they are', async () => {
    const { token, username, sessionId, id } = await admin.person();
    const at = toTimestamp(app.clock.now());
    const list = async () => {
      const { items } = (await app.call<ListData<SessionData>>('GET', '/me/sessions', { token })).body.data;
      return items.find((one) => one.id === sessionId);
    };
    expect(await list()).toMatchObject({ proof: ['password'], authenticated_at: at, created_at: at });
    app.clock.advance(30 * SECOND);
    await app.call('POST', '/me/reauthentication', { token, body: { password: 'wrong' } });
    expect(await list()).toMatchObject({ authenticated_at: at });
    await app.call('POST', '/me/reauthentication', { token, body: { password: PASSWORD } });
    const later = { authenticated_at: toTimestamp(app.clock.now()), created_at: at };
    expect(await list()).toMatchObject(later);
    const seen = await admin.done<ListData<SessionData>>('GET', `/users/${id}/sessions`);
    expect(seen.items.find((one) => one.id === sessionId)).toMatchObject({ ...later, proof: ['password'] });
    await app.signIn(username, PASSWORD);
    expect((await app.call('GET', '/me', { token })).text).not.toContain(NEW_PASSWORD);
  });
});
