import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type ListData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { codesOf, createApplication, declare, type ApplicationData } from '../support/applications.ts';
import { refusals } from '../support/envelope.ts';

const DAY = 86_400_000;

let app: TestApp;
let admin: Administration;
let made = 0;

async function serviceAccount(): Promise<{ readonly id: string }> {
  return admin.done('POST', '/users', {
    kind: 'service',
    username: `service-${++made}`,
    full_name: 'A service',
  });
}

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

describe('applications', () => {
  it('are created, read by id and by key, listed, changed and deleted', async () => {
    const answer = await admin.call<ApplicationData>('POST', '/applications', {
      key: 'shop',
      name: ' 商店 ',
    });
    expect(answer.status).toBe(201);
    const shop = answer.body.data;
    expect(shop).toMatchObject({ key: 'shop', name: '商店', owner_id: null, revision: 1 });
    expect(await admin.done('GET', `/applications/${shop.id}`)).toEqual({ ...shop, permissions: [] });
    expect(await admin.done('GET', '/applications/shop')).toEqual({ ...shop, permissions: [] });
    const { items } = await admin.done<ListData<ApplicationData>>('GET', '/applications?sort=-created_at');
    expect(items).toContainEqual(shop);

    const owner = await serviceAccount();
    const changed = await admin.done<ApplicationData>('PATCH', '/applications/shop', {
      name: 'Shop',
      owner_id: owner.id,
    });
    expect(changed).toMatchObject({ name: 'Shop', owner_id: owner.id, revision: 2 });
    expect(await admin.done('PATCH', '/applications/shop', { name: 'Shop' })).toEqual(changed);
    expect(await admin.done('PATCH', '/applications/shop', { owner_id: '' })).toMatchObject({
      owner_id: null,
      revision: 3,
    });
    expect(await admin.done('DELETE', '/applications/shop')).toBeNull();
    expect(refusal(await admin.call('GET', '/applications/shop'))).toEqual([404, 13006]);
    expect((await admin.eventsOn(shop.id)).map(({ action }) => action).sort()).toEqual([
      'application.created',
      'application.deleted',
      'application.updated',
      'application.updated',
    ]);
  });

  it('lose an owner who is deleted', async () => {
    const owner = await serviceAccount();
    const { id } = await createApplication(admin, [], owner.id);
    await admin.done('DELETE', `/users/${owner.id}`);
    expect(await admin.done('GET', `/applications/${id}`)).toMatchObject({ owner_id: null });
  });

  it('have one key each, also when 20 claim it at once', async () => {
    const body = { key: 'contested', name: 'x' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => admin.call('POST', '/applications', body)),
    );
    const numbers = answers.map(({ body: { code } }) => code).sort();
    expect(numbers).toEqual([0, ...Array.from({ length: 19 }, () => 13007)]);
  });

  it.each([
    [{ name: 'x' }, 'key: required'],
    [{ key: 'x', name: 'x' }, 'key: application_key'],
    [{ key: 'Shop', name: 'x' }, 'key: application_key'],
    [{ key: 'ｓｈｏｐ', name: 'x' }, 'key: application_key'],
    [{ key: 'sh/op', name: 'x' }, 'key: application_key'],
    [{ key: 'shop\n', name: 'x' }, 'key: application_key'],
    [{ key: 'a'.repeat(33), name: 'x' }, 'key: application_key'],
    [{ key: 'ok', name: '' }, 'name: length'],
    [{ key: 'ok', name: 'x', owner_id: 'mei' }, 'owner_id: id_or_empty'],
    [{ key: 'ok', name: 'x', owner_id: null }, 'owner_id: id_or_empty'],
    [{ key: 'ok', name: 'x', owner_id: '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f' }, 'owner_id: service_account'],
    [{ key: 'ok', name: 'x', colour: 1 }, 'colour: unknown'],
  ])('are refused as %j', async (body, refused) => {
    expect(refusals(await admin.call('POST', '/applications', body))).toEqual([refused]);
  });

  it('that are none are absent', async () => {
    for (const id of ['6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f', 'nothing', 'x', '%00', 'app-1%20', '*']) {
      expect(refusal(await admin.call('GET', `/applications/${id}`)), id).toEqual([404, 13006]);
      expect(refusal(await admin.call('PATCH', `/applications/${id}`, {})), id).toEqual([404, 13006]);
      expect(refusal(await admin.call('DELETE', `/applications/${id}`)), id).toEqual([404, 13006]);
      const declared = await admin.call('PUT', `/applications/${id}/permissions`, { permissions: [] });
      expect(refusal(declared), id).toEqual([404, 13006]);
    }
    expect(refusal(await admin.call('GET', '/permissions?application=nothing'))).toEqual([404, 13006]);
  });

  it('are changed by one of two editors who began with the same state', async () => {
    const { id } = await createApplication(admin);
    const read = await admin.call('GET', `/applications/${id}`);
    expect(read.headers['etag']).toBe('"1"');
    const edit = (name: string, tag: string) =>
      app.call<ApplicationData>('PATCH', `/applications/${id}`, {
        token: admin.admin.token,
        body: { name },
        headers: { 'if-match': tag },
      });
    const first = await edit('First', '"1"');
    expect([first.status, first.headers['etag']]).toEqual([200, '"2"']);
    for (const tag of ['"1"', 'W/"1"', '"x"', '2', '', '"2", "3"'])
      expect(refusal(await edit('Second', tag)), tag).toEqual([412, 10013]);
    expect((await edit('Third', '*')).status).toBe(200);
    expect((await edit('Fourth', 'W/"3"')).status).toBe(200);
    const stale = { token: admin.admin.token, headers: { 'if-match': '"1"' } };
    expect(refusal(await app.call('DELETE', `/applications/${id}`, stale))).toEqual([412, 10013]);
    const put = { ...stale, body: { permissions: [] } };
    expect(refusal(await app.call('PUT', `/applications/${id}/permissions`, put))).toEqual([412, 10013]);
  });
});

describe('a permission of an application', () => {
  it('is listed for whoever makes roles, in their language', async () => {
    const { id, key } = await createApplication(admin);
    await admin.done('PUT', `/applications/${id}/permissions`, {
      permissions: [
        { code: 'orders:read', description: { en: 'See orders', 'zh-CN': '查看订单' } },
        { code: 'orders:write', description: { en: 'Write orders' } },
      ],
    });
    const read = (language: string) =>
      app.call<{ items: Array<{ code: string; description: string }> }>(
        'GET',
        `/permissions?application=${key}`,
        {
          token: admin.admin.token,
          headers: { 'accept-language': language },
        },
      );
    const inChinese = (await read('zh-CN')).body.data.items;
    expect(inChinese).toContainEqual({ code: `${key}/orders:read`, description: '查看订单' });
    expect(inChinese).toContainEqual({ code: `${key}/orders:write`, description: 'Write orders' });
    expect(inChinese.map(({ code }) => code)).toContain('users:read');
    expect((await read('en')).body.data.items).toContainEqual({
      code: `${key}/orders:read`,
      description: 'See orders',
    });
  });

  it('is granted by roles, and by nobody who does not hold it', async () => {
    const { key } = await createApplication(admin, ['orders:read', 'orders:refund']);
    const granter = await admin.personWith(['roles:manage', 'roles:assign', `${key}/orders:read`]);
    const create = (permissions: string[]) =>
      app.call('POST', '/roles', {
        token: granter.token,
        body: { key: `made-${++made}`, name: 'x', permissions },
      });
    expect((await create([`${key}/orders:read`])).status).toBe(201);
    expect(refusal(await create([`${key}/orders:refund`]))).toEqual([403, 13005]);
    expect(refusals(await create([`${key}/orders:fly`]))).toEqual(['permissions: permission']);
    expect(refusals(await create(['nothing/orders:read']))).toEqual(['permissions: permission']);
    expect(refusals(await create([`${key}/*`]))).toEqual(['permissions: permission']);
  });

  it('that they lack keeps people from giving and taking the role of administrators', async () => {
    const own = ['roles:assign', 'users:update', 'users:read'];
    const { items } = await admin.done<{ items: Array<{ code: string }> }>('GET', '/permissions');
    const nearly = await admin.personWith([...new Set([...own, ...items.map(({ code }) => code)])]);
    await createApplication(admin, ['orders:read']);
    const target = await app.createUser();
    const give = { token: nearly.token, body: { roles: ['administrator'] } };
    expect(refusal(await app.call('PUT', `/users/${target.id}/roles`, give))).toEqual([403, 13005]);
    const boss = await app.createUser({ roles: ['administrator'] });
    const disable = await app.call('POST', `/users/${boss.id}/disable`, { token: nearly.token });
    expect(refusal(disable)).toEqual([403, 13005]);
  });

  it('that is retired stays where it is listed, is granted to nobody, and goes with the last role', async () => {
    const { id, key } = await createApplication(admin, ['orders:read', 'orders:refund']);
    const code = `${key}/orders:refund`;
    const role = await admin.role(['users:read', code]);
    const other = await admin.role([code]);
    await declare(admin, id, ['orders:read']);
    expect(await codesOf(admin, id)).toEqual({ 'orders:read': [false, 0], 'orders:refund': [true, 2] });
    expect(
      refusals(await admin.call('POST', '/roles', { key: 'late', name: 'x', permissions: [code] })),
    ).toEqual(['permissions: permission']);
    // The list as it is may be sent again.
    await admin.done('PATCH', `/roles/${role.id}`, { permissions: [code, 'roles:read'] });
    expect(await admin.done('GET', `/roles/${role.id}`)).toMatchObject({ permissions: [code, 'roles:read'] });
    await admin.done('PATCH', `/roles/${role.id}`, { permissions: [] });
    expect(await codesOf(admin, id)).toMatchObject({ 'orders:refund': [true, 1] });
    await admin.done('DELETE', `/roles/${other.id}`);
    expect(await codesOf(admin, id)).toEqual({ 'orders:read': [false, 0] });
  });

  it('that is retired and listed nowhere goes a week later', async () => {
    const { id } = await createApplication(admin, ['orders:read', 'orders:refund']);
    await declare(admin, id, ['orders:read']);
    await declare(admin, id, ['orders:read', 'orders:write']);
    expect(await codesOf(admin, id)).toHaveProperty(['orders:refund']);
    app.clock.advance(7 * DAY + 1);
    admin = await Administration.of(app);
    await declare(admin, id, ['orders:read']);
    expect(Object.keys(await codesOf(admin, id))).toEqual(['orders:read', 'orders:write']);
  });

  it('keeps its application while a role lists it', async () => {
    const { id, key } = await createApplication(admin, ['orders:read']);
    const role = await admin.role([`${key}/orders:read`]);
    expect(refusal(await admin.call('DELETE', `/applications/${id}`))).toEqual([409, 13008]);
    await admin.done('DELETE', `/roles/${role.id}`);
    await admin.done('DELETE', `/applications/${id}`);
  });

  it('can be one of 500 of a role', async () => {
    const codes = Array.from({ length: 501 }, (_, n) => `o:r${n}`);
    const { key } = await createApplication(admin, codes);
    const full = codes.map((code) => `${key}/${code}`);
    const role = await admin.role(full.slice(0, 500));
    expect(role.permissions).toHaveLength(500);
    expect(refusals(await admin.call('PATCH', `/roles/${role.id}`, { permissions: full }))).toEqual([
      'permissions: list',
    ]);
  });
});
