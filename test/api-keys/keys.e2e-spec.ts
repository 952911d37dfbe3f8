import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KeysExpiry } from '../../src/api-keys/keys.expiry.ts';
import { Administration, refusal, type AuditEventData, type ListData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';
import { createKey, createServiceAccount, type KeyData, type NewKeyData } from '../support/keys.ts';

const NOTHING = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';
const DAY = 86_400_000;
const HOUR = 3_600_000;

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp({ env: { PERSONAL_KEYS: 'true' } });
});
beforeEach(async () => {
  // The clock may have been moved: keys are made in a fresh session.
  admin = await Administration.of(app);
});
afterAll(() => app.close());

function me(token: string, from?: string) {
  return app.call<{ id: string; kind: string; permissions: string[] }>('GET', '/me', {
    token,
    ...(from && { from }),
  });
}

function renew(key: string, from?: string) {
  const body = { refresh_token: key };
  return app.call<{ access_token: string; access_token_expires_at: string }>('POST', '/tokens/renew_access', {
    body,
    ...(from && { from }),
  });
}

function create(userId: string, body: object) {
  return admin.call<NewKeyData>('POST', `/users/${userId}/keys`, { name: 'A key', ...body });
}

describe('a key', () => {
  it('is told once, works at once, and is listed without its secret', async () => {
    const { id: owner } = await createServiceAccount(admin, ['users:read', 'roles:read']);
    const answer = await create(owner, {
      name: ' Nightly export ',
      scopes: ['users:read', 'users:read'],
      networks: ['127.0.0.0/8'],
    });
    expect(answer.status).toBe(201);
    const { secret, ...key } = answer.body.data;
    expect(secret).toMatch(/^gatehouse_key_[0-9A-Za-z]{49}$/);
    expect(key).toEqual({
      id: key.id,
      name: 'Nightly export',
      hint: secret.slice(-4),
      user_id: owner,
      scopes: ['users:read'],
      networks: ['127.0.0.0/8'],
      created_by: admin.admin.id,
      created_at: key.created_at,
      expires_at: new Date(Date.parse(key.created_at) + 90 * DAY).toISOString(),
      last_used_at: null,
      replaced_by: null,
    });
    const caller = await me(secret);
    expect(caller.body.data).toMatchObject({ id: owner, kind: 'service', permissions: ['users:read'] });
    expect((await app.call('GET', '/users', { token: secret })).status).toBe(200);
    expect(refusal(await app.call('GET', '/roles', { token: secret }))).toEqual([403, 11004]);
    const { items } = await admin.done<ListData<KeyData>>('GET', `/users/${owner}/keys`);
    expect(items).toEqual([{ ...key, last_used_at: items[0]?.last_used_at }]);
    const sessions = await admin.done<ListData<unknown>>('GET', `/users/${owner}/sessions`);
    expect(sessions.items).toEqual([]);
    expect(await app.dump()).not.toContain(secret);
    expect(JSON.stringify(app.lines)).not.toContain(secret);
    const events = await admin.eventsOn(key.id);
    expect(events.map(({ action, target_type }) => [action, target_type])).toEqual([['key.created', 'key']]);
  });

  it('notes when it was used, and that its id did something', async () => {
    const service = await createServiceAccount(admin, ['roles:manage', 'users:read']);
    const key = await createKey(admin, service.id, ['roles:manage']);
    const body = { key: `by-key-${key.id.slice(0, 8)}`, name: 'x', permissions: [] };
    const made = await app.call<{ id: string }>('POST', '/roles', { token: key.secret, body });
    expect(made.status).toBe(201);
    const [event] = await admin.eventsOn(made.body.data.id);
    expect(event).toMatchObject({ actor_id: service.id, session_id: key.id });
    const used = async () =>
      (await admin.done<ListData<KeyData>>('GET', `/users/${service.id}/keys`)).items[0]?.last_used_at;
    await expect.poll(used).not.toBeNull();
    // Nobody hands out what the key cannot do, though its owner could.
    const beyond = { ...body, key: `${body.key}-2`, permissions: ['users:read'] };
    expect(refusal(await app.call('POST', '/roles', { token: key.secret, body: beyond }))).toEqual([
      403, 13005,
    ]);
  });

  it('never does more than its owner and its scopes, as they are now', async () => {
    const role = await admin.role(['users:read', 'roles:read']);
    const service = await createServiceAccount(admin);
    await admin.done('PUT', `/users/${service.id}/roles`, { roles: [role.key] });
    const { secret } = await createKey(admin, service.id, ['users:read', 'roles:read']);
    const token = (await renew(secret)).body.data.access_token;
    const may = async () => {
      const calls = [secret, token].flatMap((bearer) =>
        ['/users', '/roles', '/audit-events'].map((path) => app.call('GET', path, { token: bearer })),
      );
      return (await Promise.all(calls)).map(({ status }) => status);
    };
    expect(await may()).toEqual([200, 200, 403, 200, 200, 403]);
    await admin.done('PATCH', `/roles/${role.id}`, { permissions: ['users:read', 'audit:read'] });
    expect(await may()).toEqual([200, 403, 403, 200, 403, 403]);
    await admin.done('PUT', `/users/${service.id}/roles`, { roles: [] });
    expect(await may()).toEqual([403, 403, 403, 403, 403, 403]);
  });

  it('gives short tokens that end with it', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    const key = await createKey(admin, service.id, ['users:read']);
    const { access_token: token, access_token_expires_at: end } = (await renew(key.secret)).body.data;
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ sub: service.id, sid: key.id });
    expect(Date.parse(end) - app.clock.now()).toBeLessThanOrEqual(15 * 60_000);
    expect((await me(token)).status).toBe(200);
    await admin.done('DELETE', `/keys/${key.id}`);
    for (const bearer of [token, key.secret]) expect(refusal(await me(bearer))).toEqual([401, 11002]);
    expect(refusal(await renew(key.secret))).toEqual([401, 11003]);
    expect(refusal(await admin.call('DELETE', `/keys/${key.id}`))).toEqual([404, 17001]);
  });

  it('ends with its owner, by time, and by whoever holds it', async () => {
    const keyOf = async () => {
      const service = await createServiceAccount(admin, ['users:read']);
      return { service, ...(await createKey(admin, service.id, ['users:read'], { expires_in_days: 1 })) };
    };
    const [disabled, deleted, expired, revoked] = [
      await keyOf(),
      await keyOf(),
      await keyOf(),
      await keyOf(),
    ];
    await admin.done('POST', `/users/${disabled.service.id}/disable`);
    await admin.done('DELETE', `/users/${deleted.service.id}`);
    await app.call('POST', '/tokens/revoke', { body: { refresh_token: revoked.secret } });
    for (const { secret } of [disabled, deleted, revoked]) expect((await me(secret)).status).toBe(401);
    const [ended] = await admin.eventsOn(revoked.id);
    expect(['key.created', 'key.revoked']).toContain(ended?.action);
    expect((await me(expired.secret)).status).toBe(200);
    app.clock.advance(DAY);
    expect((await me(expired.secret)).status).toBe(401);
    expect((await renew(expired.secret)).status).toBe(401);
  });

  it('stays where the sessions of its owner are ended, and lasts although it is not used', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    const { secret } = await createKey(admin, service.id, ['users:read']);
    await admin.done('DELETE', `/users/${service.id}/sessions`);
    app.clock.advance(60 * DAY);
    expect((await me(secret)).status).toBe(200);
  });

  it.each([
    [{ scopes: [] }, 'scopes: list'],
    [{ scopes: ['users:fly'] }, 'scopes: permission'],
    [{ scopes: ['nothing/orders:read'] }, 'scopes: permission'],
    [{ scopes: ['users:*'] }, 'scopes: permission'],
    [{ scopes: 'users:read' }, 'scopes: list'],
    [{ name: '' }, 'name: length'],
    [{ expires_in_days: 0 }, 'expires_in_days: integer'],
    [{ expires_in_days: 1.5 }, 'expires_in_days: integer'],
    [{ expires_in_days: 366 }, 'expires_in_days: integer'],
    [{ expires_in_days: '7' }, 'expires_in_days: integer'],
    [{ networks: ['10.0.0.0/33'] }, 'networks: network'],
    [{ networks: ['localhost'] }, 'networks: network'],
    [{ networks: Array(11).fill('10.0.0.1') }, 'networks: list'],
    [{ secret: 'x' }, 'secret: unknown'],
  ])('is refused as %j', async (body, refused) => {
    const { id } = await createServiceAccount(admin, ['users:read']);
    expect(refusals(await create(id, { scopes: ['users:read'], ...body }))).toEqual([refused]);
  });

  it('is made within what its owner and its maker hold', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    expect(refusal(await create(service.id, { scopes: ['roles:read'] }))).toEqual([409, 17003]);
    expect(refusal(await create(NOTHING, { scopes: ['roles:read'] }))).toEqual([404, 12001]);
    const maker = await admin.personWith(['keys:manage']);
    const body = { name: 'x', scopes: ['users:read'] };
    const above = await app.call('POST', `/users/${service.id}/keys`, { token: maker.token, body });
    expect(refusal(above)).toEqual([403, 13005]);
  });

  it('is one of ten at most, also when many are made at once', async () => {
    const { id } = await createServiceAccount(admin, ['users:read']);
    const answers = await Promise.all(
      Array.from({ length: 14 }, () => create(id, { scopes: ['users:read'] })),
    );
    const numbers = answers.map(({ body: { code } }) => code).sort();
    expect(numbers).toEqual([...Array(10).fill(0), ...Array(4).fill(17002)]);
  });
});

describe('a rotation', () => {
  it('gives a successor on the same terms, and the old key works until the overlap is over', async () => {
    const { id } = await createServiceAccount(admin, ['users:read']);
    const old = await createKey(admin, id, ['users:read'], { expires_in_days: 30, networks: ['127.0.0.1'] });
    app.clock.advance(5 * DAY);
    admin = await Administration.of(app);
    const next = await admin.done<NewKeyData>('POST', `/keys/${old.id}/rotate`, { overlap_hours: 2 });
    expect(next).toMatchObject({ name: old.name, scopes: old.scopes, networks: old.networks, user_id: id });
    expect(Date.parse(next.expires_at) - Date.parse(next.created_at)).toBe(30 * DAY);
    const { items } = await admin.done<ListData<KeyData>>('GET', `/users/${id}/keys`);
    expect(items.map((key) => [key.id, key.replaced_by])).toEqual([
      [next.id, null],
      [old.id, next.id],
    ]);
    for (const { secret } of [old, next]) expect((await me(secret)).status).toBe(200);
    app.clock.advance(2 * HOUR);
    expect((await me(old.secret)).status).toBe(401);
    expect((await me(next.secret)).status).toBe(200);
  });

  it(
    'has one successor, whoever asks at once, and none of a key that is over',
    { timeout: 60_000 },
    async () => {
      const { id } = await createServiceAccount(admin, ['users:read']);
      const old = await createKey(admin, id, ['users:read']);
      const rotate = (body = {}) => admin.call<NewKeyData>('POST', `/keys/${old.id}/rotate`, body);
      const answers = await Promise.all(Array.from({ length: 50 }, () => rotate()));
      expect(answers.map(({ body: { code } }) => code).sort()).toEqual([0, ...Array(49).fill(17005)]);
      const other = await createKey(admin, id, ['users:read']);
      const at = `/keys/${other.id}/rotate`;
      await admin.done('POST', at, { overlap_hours: 0 });
      expect((await me(other.secret)).status).toBe(401);
      expect(refusal(await admin.call('POST', at, {}))).toEqual([409, 17005]);
      const gone = await createKey(admin, id, ['users:read']);
      await admin.done('DELETE', `/keys/${gone.id}`);
      expect(refusal(await admin.call('POST', `/keys/${gone.id}/rotate`, {}))).toEqual([404, 17001]);
      expect(refusals(await rotate({ overlap_hours: 169 }))).toEqual(['overlap_hours: integer']);
    },
  );
});

describe('a personal key', () => {
  it('is made by oneself in a fresh session, and ends with a change of the password', async () => {
    const person = await admin.personWith(['users:read']);
    const post = (token: string) =>
      app.call<NewKeyData>('POST', '/me/keys', { token, body: { name: 'Mine', scopes: ['users:read'] } });
    const key = (await post(person.token)).body.data;
    expect((await app.call('GET', '/users', { token: key.secret })).status).toBe(200);
    const beyond = { name: 'Mine', scopes: ['roles:read'] };
    const refused = await app.call('POST', '/me/keys', { token: person.token, body: beyond });
    expect(refusal(refused)).toEqual([409, 17003]);
    const next = await app.call<NewKeyData>('POST', `/keys/${key.id}/rotate`, {
      token: person.token,
      body: {},
    });
    expect(next.status).toBe(201);
    // Nobody learns of other people's keys.
    const other = await admin.person();
    for (const id of [key.id, NOTHING])
      expect(refusal(await app.call('DELETE', `/keys/${id}`, { token: other.token }))).toEqual([403, 11004]);
    await app.call('POST', '/me/password', {
      token: person.token,
      body: { current_password: PASSWORD, new_password: `${PASSWORD}-2` },
    });
    for (const { secret } of [key, next.body.data]) expect((await me(secret)).status).toBe(401);
    const changed = (await admin.eventsOn(person.id)).find(({ action }) => action === 'password.changed');
    expect(changed?.detail['session_ids']).toEqual(expect.arrayContaining([key.id, next.body.data.id]));
  });
});

describe('the record', () => {
  it('tells once, two weeks before, that a key will end', async () => {
    const { id } = await createServiceAccount(admin, ['users:read']);
    const long = await createKey(admin, id, ['users:read'], { expires_in_days: 30 });
    const short = await createKey(admin, id, ['users:read'], { expires_in_days: 7 });
    const expiry = app.nest.get(KeysExpiry, { strict: false });
    const told = async (key: KeyData) =>
      (await admin.eventsOn(key.id)).filter(({ action }: AuditEventData) => action === 'key.expiring').length;
    await expiry.warn();
    expect(await told(long)).toBe(0);
    app.clock.advance(17 * DAY);
    admin = await Administration.of(app);
    await Promise.all([expiry.warn(), expiry.warn()]);
    await expiry.warn();
    expect([await told(long), await told(short)]).toEqual([1, 0]);
  });
});
