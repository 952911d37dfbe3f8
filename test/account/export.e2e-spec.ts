import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { forget, NEW_PASSWORD, newAddress, reachable, reset, WIDE } from '../support/account.ts';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { lastMailTo } from '../support/mails.ts';

interface Exported {
  readonly exported_at: string;
  readonly user: { readonly id: string; readonly email: string };
  readonly roles: string[];
  readonly permissions: string[];
  readonly factors: object;
  readonly sessions: Array<{ readonly id: string; readonly current: boolean }>;
  readonly known_addresses: Array<{ readonly address: string }>;
  readonly audit_events: Array<{
    readonly action: string;
    readonly by_me: boolean;
    readonly ip: string | null;
    readonly user_agent: string | null;
  }>;
}

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: WIDE });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const exported = (token: string) => app.call<Exported>('GET', '/me/export', { token });

describe('what people take with them', () => {
  it('is all of theirs', async () => {
    const { key } = await admin.role(['users:read']);
    const { id, username, email } = await reachable(app, { roles: [key] });
    const { access_token: token, session_id } = await app.signIn(username, PASSWORD);
    const other = await app.signIn(username, PASSWORD, { from: '127.0.4.4' });
    const { data } = (await exported(token)).body;
    expect(Object.keys(data)).toEqual([
      'exported_at',
      'user',
      'roles',
      'permissions',
      'factors',
      'sessions',
      'known_addresses',
      'audit_events',
    ]);
    expect(data.user).toMatchObject({ id, username, email });
    expect([data.roles, data.permissions]).toEqual([[key], ['users:read']]);
    expect(data.sessions.map((one) => [one.id, one.current]).toSorted()).toEqual(
      [
        [session_id, true],
        [other.session_id, false],
      ].toSorted(),
    );
    expect(data.known_addresses.map(({ address }) => address).toSorted()).toEqual(['127.0.0.1', '127.0.4.4']);
    const actions = data.audit_events.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['user.created', 'signin.succeeded', 'user.exported']));
  });

  it('holds nothing of an administrator who acted on them', async () => {
    const { id, username, email } = await reachable(app);
    const acting = { from: '127.0.77.77', headers: { 'user-agent': 'CANARY-agent' } };
    const boss = await reachable(app, { roles: ['administrator'], full_name: 'Canary Boss' });
    const { access_token: bossToken } = await app.signIn(boss.username, PASSWORD, acting);
    const act = async (method: string, path: string, body?: object) =>
      expect(
        (await app.call(method, path, { ...acting, token: bossToken, ...(body && { body }) })).status,
      ).toBe(200);
    const before = await app.signIn(username, PASSWORD);
    await act('DELETE', `/users/${id}/sessions/${before.session_id}`);
    await act('POST', `/users/${id}/disable`);
    await act('POST', `/users/${id}/enable`);
    await act('PATCH', `/users/${id}`, { full_name: 'Another Name' });
    await act('PUT', `/users/${id}/roles`, { roles: [(await admin.role(['roles:read'])).key] });
    await act('POST', `/users/${id}/invitation`);
    const { token: link } = await lastMailTo(app, email);
    await act('POST', `/users/${id}/password`, { new_password: NEW_PASSWORD });
    await app.signIn(username, NEW_PASSWORD);

    const { access_token: token } = await app.signIn(username, NEW_PASSWORD);
    const { text, body } = await exported(token);
    const others = body.data.audit_events.filter(({ by_me }) => !by_me);
    expect(others.length).toBeGreaterThanOrEqual(7);
    for (const { ip, user_agent } of others) expect([ip, user_agent]).toEqual([null, null]);
    for (const canary of [
      boss.id,
      boss.username,
      boss.email,
      'Canary',
      'CANARY',
      '127.0.77.77',
      admin.admin.id,
    ])
      expect(text, canary).not.toContain(canary);
    expect(text).not.toContain(link);
  });

  it('holds no digest, hash or secret, nor what strangers tried', async () => {
    const { id, username, email } = await reachable(app);
    await app.call('POST', '/signin', {
      from: '127.0.66.66',
      headers: { 'user-agent': 'CANARY-guesser' },
      body: { username, password: 'wrong' },
    });
    await forget(app, username, { from: '127.0.66.66', headers: { 'user-agent': 'CANARY-guesser' } });
    const { code } = await lastMailTo(app, email);
    await reset(app, { username, code });
    const { access_token: token, refresh_token } = await app.signIn(username, NEW_PASSWORD);
    await app.call('POST', '/me/email', { token, body: { email: newAddress() } });
    const { text } = await exported(token);
    const sql = 'SELECT hash FROM password_credentials WHERE user_id = ?';
    const [stored] = await app.database.query<Array<{ hash: string }>>(sql, [id]);
    const digests = await app.database.query<Array<{ refresh_digest: string }>>(
      'SELECT refresh_digest FROM sessions WHERE user_id = ?',
      [id],
    );
    const hidden = [
      code,
      token,
      refresh_token,
      stored?.hash ?? '-',
      ...digests.map((one) => one.refresh_digest),
    ];
    for (const secret of hidden) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/"[a-z_]*(?:digest|hash|secret|seed|sealed|version|short_id)[a-z_]*":/);
    expect(text).not.toMatch(/CANARY|127\.0\.66\.66/);
  });

  it('needs a fresh session', async () => {
    const { token } = await admin.person();
    app.clock.advance(11 * MINUTE);
    expect(refusal(await exported(token))).toEqual([403, 11012]);
    await app.call('POST', '/me/reauthentication', { token, body: { password: PASSWORD } });
    expect((await exported(token)).status).toBe(200);
  });
});
