import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type ListData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createApplication, declare } from '../support/applications.ts';
import { refusals } from '../support/envelope.ts';
import { createKey, createServiceAccount } from '../support/keys.ts';

interface Result {
  readonly permission: string;
  readonly allowed: boolean;
  readonly via?: readonly string[];
  readonly why?: string;
}

const NOTHING = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

/** Routes that read, and what each needs. */
const READS = {
  'users:read': '/users?page_size=1',
  'roles:read': '/roles?page_size=1',
  'audit:read': '/audit-events?limit=1',
  'applications:read': '/applications?page_size=1',
  'sessions:read': `/users/${NOTHING}/sessions`,
  'tokens:introspect': '/tokens/changes?after=0',
} as const;

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function check(
  subject: object,
  checks: readonly string[],
  explain?: boolean,
): Promise<readonly Result[]> {
  const body = { subject, checks, ...(explain !== undefined && { explain }) };
  return (await admin.done<{ results: Result[] }>('POST', '/authz/check', body)).results;
}

describe('POST /authz/check', () => {
  it('decides for a user, in order, and says why not', async () => {
    const { key } = await createApplication(admin, ['orders:read', 'orders:refund']);
    const role = await admin.role(['users:read', `${key}/orders:read`]);
    const person = await admin.person({ roles: [role.key] });
    const checks = [
      `${key}/orders:refund`,
      'users:read',
      `${key}/orders:read`,
      'users:fly',
      `${key}/x:y`,
      'users:read',
    ];
    expect(await check({ user_id: person.id }, checks, true)).toEqual([
      { permission: `${key}/orders:refund`, allowed: false, why: 'no_role' },
      { permission: 'users:read', allowed: true, via: [role.key] },
      { permission: `${key}/orders:read`, allowed: true, via: [role.key] },
      { permission: 'users:fly', allowed: false, why: 'no_such_permission' },
      { permission: `${key}/x:y`, allowed: false, why: 'no_such_permission' },
      { permission: 'users:read', allowed: true, via: [role.key] },
    ]);
    expect(await check({ token: person.token }, ['users:read'])).toEqual([
      { permission: 'users:read', allowed: true },
    ]);
    expect(await check({ user_id: admin.admin.id }, [`${key}/orders:refund`], true)).toEqual([
      { permission: `${key}/orders:refund`, allowed: true, via: ['administrator'] },
    ]);
    await admin.done('POST', `/users/${person.id}/disable`);
    expect(await check({ user_id: person.id }, ['users:read'])).toMatchObject([{ why: 'disabled' }]);
    for (const subject of [{ user_id: NOTHING }, { token: person.token }, { token: 'x' }])
      expect(await check(subject, ['users:read'])).toEqual([
        { permission: 'users:read', allowed: false, why: 'no_such_user' },
      ]);
  });

  it('holds a key within its scopes', async () => {
    const service = await createServiceAccount(admin, ['users:read', 'roles:read']);
    const { secret } = await createKey(admin, service.id, ['users:read']);
    expect(await check({ token: secret }, ['users:read', 'roles:read', 'audit:read'])).toMatchObject([
      { allowed: true },
      { allowed: false, why: 'outside_scopes' },
      { allowed: false, why: 'no_role' },
    ]);
  });

  it('allows what is retired where a role still lists it', async () => {
    const { id, key } = await createApplication(admin, ['orders:read']);
    const person = await admin.personWith([`${key}/orders:read`]);
    await declare(admin, id, []);
    expect(await check({ user_id: person.id }, [`${key}/orders:read`])).toMatchObject([{ allowed: true }]);
  });

  it('names roles of which each alone would do', async () => {
    const [one, other] = [await admin.role(['users:read']), await admin.role(['users:read', 'audit:read'])];
    const person = await admin.person({ roles: [one.key, other.key] });
    const via = async () => (await check({ user_id: person.id }, ['users:read'], true))[0]?.via;
    expect(await via()).toEqual([one.key, other.key].sort());
    for (const left of [[one.key], [other.key]]) {
      await admin.done('PUT', `/users/${person.id}/roles`, { roles: left });
      expect(await via()).toEqual(left);
    }
    await admin.done('PUT', `/users/${person.id}/roles`, { roles: [] });
    expect(await check({ user_id: person.id }, ['users:read'])).toMatchObject([{ why: 'no_role' }]);
  });

  it('says what the guard does: 500 random graphs of roles', { timeout: 180_000 }, async () => {
    const codes = Object.keys(READS);
    let state = 11;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const roles = await Promise.all(
      Array.from({ length: 12 }, () => admin.role(codes.filter(() => random() < 0.25))),
    );
    const person = await admin.person();
    for (let round = 0; round < 500; round += 1) {
      const held = roles.filter(() => random() < 0.2).map(({ key }) => key);
      await admin.done('PUT', `/users/${person.id}/roles`, { roles: held });
      const results = await check({ user_id: person.id }, codes);
      const asked = codes.filter(() => random() < 0.4);
      for (const code of asked) {
        const path = Object.entries(READS).find(([needed]) => needed === code)?.[1] ?? '';
        const [, number] = refusal(await app.call('GET', path, { token: person.token }));
        const allowed = results.find(({ permission }) => permission === code)?.allowed;
        expect([code, allowed], `round ${round}`).toEqual([code, number !== 11004]);
      }
    }
  });

  it.each([
    [{ checks: ['users:read'] }, 'subject: required'],
    [{ subject: {}, checks: ['users:read'] }, 'subject: one_subject'],
    [{ subject: { user_id: NOTHING, token: 'x' }, checks: ['users:read'] }, 'subject: one_subject'],
    [{ subject: { user_id: 'x' }, checks: ['users:read'] }, 'subject.user_id: id'],
    [{ subject: { name: 'x' }, checks: ['users:read'] }, 'subject.name: unknown'],
    [{ subject: { user_id: NOTHING }, checks: [] }, 'checks: list'],
    [{ subject: { user_id: NOTHING }, checks: Array(101).fill('users:read') }, 'checks: list'],
    [{ subject: { user_id: NOTHING }, checks: [1] }, 'checks: strings'],
    [{ subject: { user_id: NOTHING }, checks: ['users:read'], explain: 1 }, 'explain: boolean'],
  ])('refuses %j', async (body, refused) => {
    expect(refusals(await admin.call('POST', '/authz/check', body))).toEqual([refused]);
  });
});

describe('what somebody may do', () => {
  it('is told to themselves and to administrators, by application', async () => {
    const { key } = await createApplication(admin, ['orders:read', 'orders:refund']);
    const role = await admin.role(['users:read', `${key}/orders:refund`]);
    const person = await admin.person({ roles: [role.key] });
    const mine = async (query: string, token = person.token) =>
      (await app.call<{ items: string[] }>('GET', `/me/permissions${query}`, { token })).body.data.items;
    expect(await mine(`?application=${key}`)).toEqual(['orders:refund']);
    expect(await mine('')).toEqual(['users:read']);
    expect(await mine(`?application=${key}`, admin.admin.token)).toEqual(['orders:read', 'orders:refund']);
    const me = await app.call('GET', '/me', { token: person.token });
    expect(me.body.data).toMatchObject({ permissions: ['users:read'] });
    const explained = (query: string) => admin.done('GET', `/users/${person.id}/permissions${query}`);
    expect(await explained(`?application=${key}`)).toEqual({
      items: [{ code: 'orders:refund', roles: [role.key] }],
    });
    expect(await explained('')).toEqual({ items: [{ code: 'users:read', roles: [role.key] }] });
    expect(refusal(await admin.call('GET', `/users/${NOTHING}/permissions`))).toEqual([404, 12001]);
    expect(refusal(await admin.call('GET', `/users/${person.id}/permissions?application=no`))).toEqual([
      404, 13006,
    ]);
    for (const permissions of [['users:read'], ['roles:read']]) {
      const half = await admin.personWith(permissions);
      const path = `/users/${person.id}/permissions`;
      expect(refusal(await app.call('GET', path, { token: half.token }))).toEqual([403, 11004]);
    }
  });

  it('finds who may do it, each once', async () => {
    const { key } = await createApplication(admin, ['orders:refund']);
    const code = `${key}/orders:refund`;
    const [one, other] = [await admin.role([code]), await admin.role([code, 'users:read'])];
    const both = await app.createUser({ roles: [one.key, other.key] });
    const single = await app.createUser({ roles: [other.key], full_name: 'Findable Person' });
    await app.createUser();
    const found = async (query = '') => {
      const path = `/users?permission=${key}%2Forders:refund&page_size=100${query}`;
      const { items, total } = await admin.done<ListData<{ id: string }>>('GET', path);
      expect(total).toBe(items.length);
      return items.map(({ id }) => id).sort();
    };
    expect(await found()).toEqual([both.id, single.id, admin.admin.id].sort());
    expect(await found('&sort=username&status=active')).toEqual([both.id, single.id, admin.admin.id].sort());
    expect(await found('&q=findable')).toEqual([single.id]);
    expect(await found(`&role=${one.key}`)).toEqual([both.id]);
    expect(refusals(await admin.call('GET', '/users?permission=users:fly'))).toEqual([
      'permission: permission',
    ]);
    const reader = await admin.personWith(['users:read']);
    const refused = await app.call('GET', '/users?permission=users:read', { token: reader.token });
    expect(refusal(refused)).toEqual([403, 11004]);
  });
});
