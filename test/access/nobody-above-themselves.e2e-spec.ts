import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  Administration,
  refusal,
  type Person,
  type RoleData,
  type UserData,
} from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

const EVERYTHING_ON_USERS = [
  'roles:assign',
  'roles:manage',
  'roles:read',
  'sessions:read',
  'sessions:revoke',
  'users:create',
  'users:delete',
  'users:set_password',
  'users:update',
];

let app: TestApp;
let admin: Administration;
/** Holds every permission on users but `users:read`. */
let helper: Person;
/** Holds `users:read`, which the helper does not. */
let reader: Person;
let reading: RoleData;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
  helper = await admin.personWith(EVERYTHING_ON_USERS);
  reading = await admin.role(['users:read', 'users:update']);
  reader = await admin.person({ roles: [reading.key] });
});
afterAll(() => app.close());

function asHelper(method: string, path: string, body?: unknown) {
  return app.call<UserData>(method, path, { token: helper.token, ...(body === undefined ? {} : { body }) });
}

describe('nobody acts above themselves', () => {
  it.each([
    ['PATCH', '', { full_name: 'Mine now' }],
    ['PATCH', '', {}],
    ['DELETE', '', undefined],
    ['POST', '/disable', undefined],
    ['POST', '/enable', undefined],
    ['POST', '/password', { new_password: 'a-password-of-the-helper' }],
    ['DELETE', '/sessions', undefined],
    ['DELETE', '/sessions/6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f', undefined],
  ])(
    '%s /users/{id}%s is refused on a user who holds more, and changes nothing',
    async (method, path, body) => {
      const before = await admin.user(reader.id);
      expect(refusal(await asHelper(method, `/users/${reader.id}${path}`, body))).toEqual([403, 13005]);
      expect(refusal(await asHelper(method, `/users/${admin.admin.id}${path}`, body))).toEqual([403, 13005]);
      expect(await admin.user(reader.id)).toEqual(before);
      expect((await app.call('GET', '/me', { token: reader.token })).status).toBe(200);
    },
  );

  it('lets act on those who hold the same or less', async () => {
    const peer = await admin.personWith(EVERYTHING_ON_USERS);
    expect((await asHelper('PATCH', `/users/${peer.id}`, { full_name: 'Peer' })).status).toBe(200);
    expect((await asHelper('DELETE', `/users/${peer.id}`)).status).toBe(200);
  });

  it('gives and takes no role that exceeds the giver, not even by half', async () => {
    const plain = await app.createUser();
    const within = await admin.role(['users:update']);
    const set = (id: string, roles: string[]) => asHelper('PUT', `/users/${id}/roles`, { roles });
    expect(refusal(await set(plain.id, [reading.key]))).toEqual([403, 13005]);
    expect(refusal(await set(plain.id, ['administrator']))).toEqual([403, 13005]);
    expect(refusal(await set(plain.id, [within.key, reading.key]))).toEqual([403, 13005]);
    expect((await admin.user(plain.id)).roles).toEqual([]);
    expect(refusal(await set(reader.id, []))).toEqual([403, 13005]);
    expect((await admin.user(reader.id)).roles).toEqual([reading.key]);

    expect((await set(plain.id, [within.key])).body.data.roles).toEqual([within.key]);
    expect((await set(plain.id, [])).body.data.roles).toEqual([]);
    expect(refusal(await set(helper.id, ['administrator']))).toEqual([403, 13005]);
  });

  it('makes no role that holds more than its maker, and adds or takes nothing more', async () => {
    const create = (permissions: string[]) =>
      asHelper('POST', '/roles', { key: 'made', name: 'Made', permissions });
    expect(refusal(await create(['users:read']))).toEqual([403, 13005]);
    expect(refusal(await create(['users:update', 'audit:read']))).toEqual([403, 13005]);
    const { id } = await admin.role(['users:update']);
    const patch = (role: string, permissions: string[]) =>
      asHelper('PATCH', `/roles/${role}`, { permissions });
    expect(refusal(await patch(id, ['users:update', 'users:read']))).toEqual([403, 13005]);
    expect(refusal(await patch(reading.id, ['users:update']))).toEqual([403, 13005]);
    expect((await patch(id, [])).status).toBe(200);
    expect((await asHelper('PATCH', `/roles/${reading.id}`, { name: 'Renamed' })).status).toBe(200);
  });

  it('is asked after whether there is such a user, role or session at all', async () => {
    const nobody = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';
    expect(refusal(await asHelper('PATCH', `/users/${nobody}`, {}))).toEqual([404, 12001]);
    expect(refusal(await asHelper('PUT', `/users/${nobody}/roles`, { roles: ['administrator'] }))).toEqual([
      404, 12001,
    ]);
  });
});

describe('PUT /users/{id}/roles', () => {
  it('sets exactly these roles, and records which came and went', async () => {
    const { id } = await app.createUser({ roles: [reading.key] });
    const data = await admin.done<UserData>('PUT', `/users/${id}/roles`, {
      roles: ['administrator', 'administrator'],
    });
    expect(data.roles).toEqual(['administrator']);
    const event = (await admin.eventsOn(id)).find(({ action }) => action === 'user.roles_changed');
    expect(event?.detail).toEqual({ fields: ['roles'], added: ['administrator'], removed: [reading.key] });
    await admin.done('DELETE', `/users/${id}`);
  });

  it('changes nothing where they are held already', async () => {
    const { id } = await app.createUser({ roles: [reading.key] });
    const before = await admin.user(id);
    app.clock.advance(1_000);
    expect(await admin.done('PUT', `/users/${id}/roles`, { roles: [reading.key] })).toEqual(before);
    expect(await admin.eventsOn(id)).toHaveLength(1);
  });

  it.each([
    {},
    { roles: null },
    { roles: 'administrator' },
    { roles: [1] },
    { roles: ['no-such-role'] },
    { roles: [''] },
  ])('refuses %j', async (body) => {
    const { id } = await app.createUser();
    expect(refusal(await admin.call('PUT', `/users/${id}/roles`, body))).toEqual([400, 10001]);
  });
});
