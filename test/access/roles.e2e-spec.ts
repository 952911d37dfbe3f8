import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type ListData, type RoleData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';

const NOTHING = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function administratorRole(): Promise<RoleData> {
  const { items } = await admin.done<ListData<RoleData>>('GET', '/roles?page_size=100');
  const found = items.find(({ key }) => key === 'administrator');
  if (found === undefined) throw new Error('no administrator role');
  return found;
}

describe('GET /permissions', () => {
  it('lists every permission of the product, each with what it is for', async () => {
    const { items } = await admin.done<{ items: Array<{ code: string; description: string }> }>(
      'GET',
      '/permissions',
    );
    expect(items.map(({ code }) => code)).toEqual([
      'applications:declare',
      'applications:manage',
      'applications:read',
      'audit:read',
      'authz:check',
      'keys:manage',
      'keys:read',
      'menus:manage',
      'roles:assign',
      'roles:manage',
      'roles:read',
      'sessions:read',
      'sessions:revoke',
      'tokens:introspect',
      'users:create',
      'users:delete',
      'users:read',
      'users:reset_factors',
      'users:set_password',
      'users:update',
    ]);
    expect(items.every(({ description }) => description.length > 5)).toBe(true);
  });
});

describe('roles', () => {
  it('are created, read, listed, changed and deleted', async () => {
    const answer = await admin.call<RoleData>('POST', '/roles', {
      key: 'help-desk',
      name: '服务台 🛟',
      permissions: ['users:update', 'users:read', 'users:read'],
    });
    expect(answer.status).toBe(201);
    const role = answer.body.data;
    expect(role).toMatchObject({
      key: 'help-desk',
      name: '服务台 🛟',
      description: '',
      permissions: ['users:read', 'users:update'],
      built_in: false,
    });
    expect(role.updated_at).toBe(role.created_at);
    expect(await admin.done('GET', `/roles/${role.id}`)).toEqual(role);
    const list = await admin.done<ListData<RoleData>>('GET', '/roles?sort=-key&page=1&page_size=1');
    expect(list).toMatchObject({ total: 2, items: [role], page: 1, page_size: 1 });

    app.clock.advance(1_000);
    const changed = await admin.done<RoleData>('PATCH', `/roles/${role.id}`, {
      permissions: ['users:read'],
      name: 'Desk',
    });
    expect(changed).toMatchObject({ key: 'help-desk', name: 'Desk', permissions: ['users:read'] });
    expect(changed.updated_at > role.updated_at).toBe(true);

    expect(await admin.done('DELETE', `/roles/${role.id}`)).toBeNull();
    expect(refusal(await admin.call('GET', `/roles/${role.id}`))).toEqual([404, 13001]);
    expect((await admin.eventsOn(role.id)).map(({ action }) => action).sort()).toEqual([
      'role.created',
      'role.deleted',
      'role.updated',
    ]);
  });

  it('stay as they are where nothing is given or new', async () => {
    const role = await admin.role(['users:read']);
    app.clock.advance(1_000);
    for (const body of [
      {},
      { name: role.name },
      { permissions: ['users:read', 'users:read'], description: '' },
    ]) {
      expect(await admin.done('PATCH', `/roles/${role.id}`, body)).toEqual(role);
    }
    expect(await admin.eventsOn(role.id)).toHaveLength(1);
  });

  it('count from the next call on', async () => {
    const role = await admin.role(['users:read']);
    const person = await admin.person({ roles: [role.key] });
    const list = () => app.call('GET', '/users', { token: person.token });
    expect((await list()).status).toBe(200);
    await admin.done('PATCH', `/roles/${role.id}`, { permissions: [] });
    expect(refusal(await list())).toEqual([403, 11004]);
    const me = await app.call('GET', '/me', { token: person.token });
    expect(me.body.data).toMatchObject({ roles: [role.key], permissions: [] });
  });

  it.each([
    { key: 'Upper', name: 'x', permissions: [] },
    { key: 'a', name: 'x', permissions: [] },
    { key: '1a', name: 'x', permissions: [] },
    { key: 'a b', name: 'x', permissions: [] },
    { key: 'x'.repeat(65), name: 'x', permissions: [] },
    { key: 'ok\n', name: 'x', permissions: [] },
    { key: 'ok', name: '', permissions: [] },
    { key: 'ok', name: ' \u3000', permissions: [] },
    { key: 'ok', name: '\u200b', permissions: [] },
    { key: 'ok', name: 'x'.repeat(65), permissions: [] },
    { key: 'ok', name: 'a\u0000b', permissions: [] },
    { key: 'ok', name: '\ud800', permissions: [] },
    { key: 'ok', name: 'x', description: 'x'.repeat(513), permissions: [] },
    { key: 'ok', name: 'x', description: '\udfff', permissions: [] },
    { key: 'ok', name: 'x', description: null, permissions: [] },
    { key: 'ok', name: 'x', permissions: ['users:fly'] },
    { key: 'ok', name: 'x', permissions: ['toString'] },
    { key: 'ok', name: 'x', permissions: 'users:read' },
    { key: 'ok', name: 'x', permissions: [['users:read']] },
    { key: 'ok', name: 'x', permissions: null },
    { key: 'ok', name: 'x' },
    { name: 'x', permissions: [] },
    { key: 'ok', name: 'x', permissions: [], built_in: true },
  ])('are refused as %j', async (body) => {
    expect(refusal(await admin.call('POST', '/roles', body))).toEqual([400, 10001]);
  });

  it('have names that people can see, without the blanks around them', async () => {
    const { id } = await admin.role([]);
    const patch = (name: string) => admin.call<RoleData>('PATCH', `/roles/${id}`, { name });
    expect((await patch(' Zoe\u0308’s desk\u3000')).body.data.name).toBe('Zoë’s desk');
    expect((await patch('Zoë’s desk ')).body.data.name).toBe('Zoë’s desk');
    expect((await admin.eventsOn(id)).map(({ action }) => action).sort()).toEqual([
      'role.created',
      'role.updated',
    ]);
    expect(refusals(await patch(' '))).toEqual(['name: length']);
    expect(refusals(await patch('a\nb'))).toEqual(['name: name_characters']);
    const { name } = await admin.done<RoleData>('POST', '/roles', {
      key: 'padded',
      name: ' Padded ',
      permissions: [],
    });
    expect(name).toBe('Padded');
  });

  it('say of a permission that is none what is wrong with it', async () => {
    const create = (permissions: unknown) =>
      admin.call('POST', '/roles', { key: 'ok', name: 'x', permissions });
    expect(refusals(await create('users:read'))).toEqual(['permissions: list']);
    expect(refusals(await create(['users:read', 1]))).toEqual(['permissions: strings']);
    expect(refusals(await create(['users:read', 'users:fly']))).toEqual(['permissions: permission']);
  });

  it('have one key each, also when 20 claim it at once', async () => {
    const body = { key: 'contested', name: 'x', permissions: ['users:read'] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => admin.call('POST', '/roles', body)));
    expect(answers.map(({ body: { code } }) => code).sort()).toEqual([
      0,
      ...Array.from({ length: 19 }, () => 13002),
    ]);
    expect(refusal(await admin.call('POST', '/roles', { ...body, key: 'administrator' }))).toEqual([
      409, 13002,
    ]);
  });

  it('keep their key', async () => {
    const { id } = await admin.role([]);
    expect(refusal(await admin.call('PATCH', `/roles/${id}`, { key: 'other' }))).toEqual([400, 10001]);
  });

  it('that are built in cannot change', async () => {
    const role = await administratorRole();
    expect(role.built_in).toBe(true);
    expect(role.permissions).toHaveLength(20);
    for (const body of [{}, { name: 'x' }, { permissions: [] }]) {
      expect(refusal(await admin.call('PATCH', `/roles/${role.id}`, body))).toEqual([409, 13003]);
    }
    // It is also in use, which is the later reason.
    expect(refusal(await admin.call('DELETE', `/roles/${role.id}`))).toEqual([409, 13003]);
  });

  it('that somebody holds cannot go', async () => {
    const { id, key } = await admin.role(['users:read']);
    const person = await app.createUser({ roles: [key] });
    expect(refusal(await admin.call('DELETE', `/roles/${id}`))).toEqual([409, 13004]);
    await admin.done('PUT', `/users/${person.id}/roles`, { roles: [] });
    await admin.done('DELETE', `/roles/${id}`);
  });

  it('that are none are absent', async () => {
    for (const id of [NOTHING, 'administrator', 'x', '%00']) {
      expect(refusal(await admin.call('GET', `/roles/${id}`))).toEqual([404, 13001]);
      expect(refusal(await admin.call('PATCH', `/roles/${id}`, {}))).toEqual([404, 13001]);
      expect(refusal(await admin.call('DELETE', `/roles/${id}`))).toEqual([404, 13001]);
    }
  });
});
