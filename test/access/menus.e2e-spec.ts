import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createApplication, declare } from '../support/applications.ts';
import { refusals } from '../support/envelope.ts';
import { statementsOfTransactions } from '../support/statements.ts';

interface MenuData {
  readonly id: string;
  readonly parent_id: string | null;
  readonly key: string;
  readonly revision: number;
  readonly position: number;
  readonly children: readonly MenuData[];
}

const NOTHING = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

let app: TestApp;
let admin: Administration;
let application = '';
let made = 0;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
  application = (await createApplication(admin)).key;
});
afterAll(() => app.close());

function post(body: object, to = application) {
  const node = { kind: 'page', key: `Node${++made}`, title: { en: 'A node' }, ...body };
  return admin.call<MenuData>('POST', `/applications/${to}/menus`, node);
}

async function add(body: object = {}, to = application): Promise<MenuData> {
  const answer = await post(body, to);
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data;
}

function order(parent_id: string | null, ids: readonly string[], to = application) {
  return admin.call<{ revision: number; items: MenuData[] }>('PUT', `/applications/${to}/menus/order`, {
    parent_id,
    ids,
  });
}

async function read(to: string): Promise<{ revision: number; items: MenuData[] }> {
  return admin.done('GET', `/applications/${to}/menus`);
}

function outline(nodes: readonly MenuData[]): unknown[] {
  return nodes.map(({ key, children }) => (children.length === 0 ? key : [key, ...outline(children)]));
}

describe('the menu of an application', () => {
  it('is built, read, changed and taken apart', async () => {
    const { key } = await createApplication(admin, ['orders:read']);
    const group = await add({ kind: 'group', key: 'Sales', title: { 'zh-CN': '销售' } }, key);
    const given = {
      parent_id: group.id,
      kind: 'page',
      key: 'Orders',
      title: { en: 'Orders', 'zh-CN': '订单' },
      path: '/orders',
      component: 'orders/index',
      redirect: '/orders/open',
      icon: 'mdi:receipt',
      hidden: true,
      keep_alive: true,
      enabled: false,
      permissions: [`${key}/orders:read`, 'users:read'],
      meta: { affix: true, query: { tab: 'open' } },
    };
    const page = await add(given, key);
    expect(page).toEqual({ ...given, id: page.id, url: '', position: 0, revision: 1 });
    const tree = await read(key);
    expect(tree.items).toEqual([{ ...group, children: [{ ...page, children: [] }] }]);

    const changed = await admin.done('PATCH', `/menus/${page.id}`, {
      enabled: true,
      title: { en: 'All orders' },
    });
    expect(changed).toEqual({
      ...page,
      enabled: true,
      title: { en: 'All orders', 'zh-CN': '' },
      revision: 2,
    });
    expect(await admin.done('PATCH', `/menus/${page.id}`, { enabled: true })).toEqual(changed);
    expect(refusal(await admin.call('DELETE', `/menus/${group.id}`))).toEqual([409, 14004]);
    await admin.done('DELETE', `/menus/${page.id}`);
    await admin.done('DELETE', `/menus/${group.id}`);
    expect((await read(key)).items).toEqual([]);
    const events = await admin.eventsOn(page.id);
    expect(Object.fromEntries(events.map(({ action, detail }) => [action, detail]))).toEqual({
      'menu.created': { key: 'Orders' },
      'menu.updated': { fields: ['title', 'enabled'] },
      'menu.deleted': { key: 'Orders' },
    });
  });

  it('goes with its application', async () => {
    const { key } = await createApplication(admin);
    const group = await add({ kind: 'group' }, key);
    const page = await add({ parent_id: group.id }, key);
    await admin.done('DELETE', `/applications/${key}`);
    expect(refusal(await admin.call('PATCH', `/menus/${page.id}`, {}))).toEqual([404, 14001]);
  });

  it('has each key once, also when 20 claim it at once, and other applications have it, too', async () => {
    const claim = { key: 'Contested' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(claim)));
    const numbers = answers.map(({ body: { code } }) => code).sort();
    expect(numbers).toEqual([0, ...Array.from({ length: 19 }, () => 14002)]);
    const other = await createApplication(admin);
    await add(claim, other.key);
    const node = await add();
    expect(refusal(await admin.call('PATCH', `/menus/${node.id}`, claim))).toEqual([409, 14002]);
  });

  it('ends at 500 nodes', { timeout: 120_000 }, async () => {
    const { key } = await createApplication(admin);
    const groups = [await add({ kind: 'group' }, key), await add({ kind: 'group' }, key)];
    for (const { id } of groups) {
      for (let n = 0; n < 200; n += 1) await add({ parent_id: id }, key);
      expect(refusal(await post({ parent_id: id }, key))).toEqual([409, 14005]);
    }
    for (let n = 0; n < 98; n += 1) await add({}, key);
    expect(refusal(await post({}, key))).toEqual([409, 14005]);
  });

  it('names what is not there', async () => {
    for (const id of [NOTHING, 'x', '%00']) {
      expect(refusal(await admin.call('PATCH', `/menus/${id}`, {})), id).toEqual([404, 14001]);
      expect(refusal(await admin.call('DELETE', `/menus/${id}`)), id).toEqual([404, 14001]);
    }
    expect(refusal(await post({ parent_id: NOTHING }))).toEqual([404, 14001]);
    expect(refusal(await post({}, 'nothing'))).toEqual([404, 13006]);
    const elsewhere = await add({}, (await createApplication(admin)).key);
    expect(refusal(await post({ parent_id: elsewhere.id }))).toEqual([404, 14001]);
    expect(refusal(await order(null, [elsewhere.id]))).toEqual([404, 14001]);
    expect(refusal(await order(elsewhere.id, []))).toEqual([404, 14001]);
  });
});

describe('the place of a node', () => {
  it('follows its kind', async () => {
    const [page, link, group] = [await add(), await add({ kind: 'link' }), await add({ kind: 'group' })];
    const button = await add({ kind: 'button', parent_id: page.id });
    expect(refusal(await post({ kind: 'button' }))).toEqual([409, 14003]);
    expect(refusal(await post({ kind: 'button', parent_id: group.id }))).toEqual([409, 14003]);
    expect(refusal(await post({ parent_id: link.id }))).toEqual([409, 14003]);
    expect(refusal(await post({ parent_id: button.id }))).toEqual([409, 14003]);
    expect(refusal(await admin.call('PATCH', `/menus/${page.id}`, { kind: 'group' }))).toEqual([409, 14003]);
  });

  it('is at most six deep', async () => {
    const { key } = await createApplication(admin);
    const ids: string[] = [];
    for (let level = 0; level < 6; level += 1)
      ids.push((await add({ kind: 'group', parent_id: ids.at(-1) ?? null }, key)).id);
    expect(refusal(await post({ parent_id: ids[5] }, key))).toEqual([409, 14003]);
    const top = await add({ kind: 'group' }, key);
    const leaf = await add({ parent_id: top.id }, key);
    expect(refusal(await order(ids[4] ?? '', [ids[5] ?? '', top.id], key))).toEqual([409, 14003]);
    expect(outline((await read(key)).items)).toContainEqual([top.key, leaf.key]);
  });

  it('is changed by one call for a move, a drop and a sort', async () => {
    const { key } = await createApplication(admin);
    const [a, b, c] = [await add({ kind: 'group' }, key), await add({}, key), await add({}, key)];
    const before = (await read(key)).revision;
    const sorted = await order(null, [c.id, b.id, a.id], key);
    expect(outline(sorted.body.data.items)).toEqual([c.key, b.key, a.key]);
    expect(sorted.headers['etag']).toBe(`"${before + 1}"`);
    expect(outline((await order(a.id, [b.id], key)).body.data.items)).toEqual([c.key, [a.key, b.key]]);
    expect(await read(key)).toEqual((await order(a.id, [b.id], key)).body.data);
    const events = await admin.eventsOn(a.id);
    expect(events.map(({ action }) => action).sort()).toEqual(['menu.created', 'menu.ordered']);
    // Two are named where three stand, a node below itself, one named twice.
    expect(refusal(await order(null, [c.id], key))).toEqual([409, 14003]);
    expect(refusal(await order(a.id, [b.id, a.id], key))).toEqual([409, 14003]);
    expect(refusals(await order(null, [c.id, c.id, a.id], key))).toEqual(['ids: distinct']);
  });

  it('never becomes a circle, whoever moves what at once', { timeout: 60_000 }, async () => {
    const { key } = await createApplication(admin);
    for (let round = 0; round < 50; round += 1) {
      const [a, b] = [await add({ kind: 'group' }, key), await add({ kind: 'group' }, key)];
      const moves = await Promise.all([order(a.id, [b.id], key), order(b.id, [a.id], key)]);
      expect(moves.map(({ body: { code } }) => code).sort()).toEqual([0, 14003]);
    }
    expect(outline((await read(key)).items)).toHaveLength(50);
  });

  it('of 200 nodes is written by one statement', async () => {
    const { key } = await createApplication(admin);
    const ids: string[] = [];
    for (let n = 0; n < 200; n += 1) ids.push((await add({}, key)).id);
    const [transaction = []] = await statementsOfTransactions(app.database, async () => {
      expect((await order(null, ids.toReversed(), key)).status).toBe(200);
    });
    expect(transaction.length).toBeLessThanOrEqual(9);
  });

  it('is what the second of two editors is told to read again', async () => {
    const { key } = await createApplication(admin);
    const node = await add({}, key);
    const call = (method: string, path: string, tag: string, body?: object) =>
      app.call(method, path, {
        token: admin.admin.token,
        headers: { 'if-match': tag },
        ...(body && { body }),
      });
    const patch = (en: string) => call('PATCH', `/menus/${node.id}`, '"1"', { title: { en } });
    expect((await patch('One')).headers['etag']).toBe('"2"');
    expect(refusal(await patch('Other'))).toEqual([412, 10013]);
    expect(refusal(await call('DELETE', `/menus/${node.id}`, '"1"'))).toEqual([412, 10013]);
    const { headers } = await admin.call('GET', `/applications/${key}/menus`);
    const tag = String(headers['etag']);
    await add({}, key);
    const path = `/applications/${key}/menus/order`;
    expect(refusal(await call('PUT', path, tag, { parent_id: null, ids: [node.id] }))).toEqual([412, 10013]);
  });
});

describe('a text of a node', () => {
  const SCRIPTS = [
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'data:text/html,x',
    '//evil.example',
    '\\evil',
    '/\\evil',
  ];
  const UNSEEN = ['a\u202Eb', 'a\u2066b', 'a\u0000b', 'a\nb', '\ud800'];

  it.each(['path', 'component', 'redirect', 'icon', 'url'])(
    'in %s is no script and nothing unseen',
    async (field) => {
      for (const text of [...SCRIPTS, ...UNSEEN, '/a//b', 'https:evil', 'mailto:a@b'])
        expect(refusal(await post({ [field]: text })), text).toEqual([400, 10001]);
    },
  );

  it('in a title or in meta is no script and nothing unseen', async () => {
    for (const text of [...SCRIPTS, ...UNSEEN]) {
      expect(refusal(await post({ title: { en: text } })), text).toEqual([400, 10001]);
      expect(refusal(await post({ title: { en: 'x', 'zh-CN': text } })), text).toEqual([400, 10001]);
      expect(refusal(await post({ meta: { link: [{ to: text }] } })), text).toEqual([400, 10001]);
      expect(refusal(await post({ meta: { [text]: 1 } })), text).toEqual([400, 10001]);
    }
  });

  it('may be what front ends use', async () => {
    const accepted = [
      ...['mdi:home', 'ep:user-filled', 'svg-icon', '/icons/a.svg', ''].map((icon) => ({ icon })),
      ...['orders/:id', '/orders/:id(d+)?', ''].map((path) => ({ path })),
      ...['https://example.com/a?b=c#d', 'http://localhost:3000', ''].map((url) => ({ url })),
    ];
    for (const body of accepted) expect((await post(body)).status, JSON.stringify(body)).toBe(201);
  });

  it.each([
    [{ key: '1a' }, 'key: menu_key'],
    [{ key: 'a b' }, 'key: menu_key'],
    [{ key: 'x'.repeat(65) }, 'key: menu_key'],
    [{ kind: 'catalog' }, 'kind: choice'],
    [{ title: {} }, 'title: one_text'],
    [{ title: { en: '' } }, 'title: one_text'],
    [{ title: { en: '  ' } }, 'title: one_text'],
    [{ title: { fr: 'x' } }, 'title.fr: unknown'],
    [{ title: 'x' }, 'title: one_text'],
    [{ title: null }, 'title: one_text'],
    [{ url: 'ftp://example.com' }, 'url: web_address'],
    [{ url: 'https://a:b@example.com' }, 'url: web_address'],
    [{ meta: [] }, 'meta: object'],
    [{ url: 'https://@evil.example' }, 'url: web_address'],
    [{ path: 'java\u200Bscript' }, 'path: inner_path'],
    [{ meta: { x: 'y'.repeat(2048) } }, 'meta: size'],
    [{ permissions: ['users:fly'] }, 'permissions: permission'],
    [{ permissions: ['nothing/orders:read'] }, 'permissions: permission'],
    [{ hidden: 1 }, 'hidden: boolean'],
    [{ parent_id: 'x' }, 'parent_id: id_or_null'],
    [{ position: 3 }, 'position: unknown'],
  ])('is refused as %j', async (body, refused) => {
    expect(refusals(await post(body))).toEqual([refused]);
  });

  it('names no permission that is retired, but keeps one that it named before', async () => {
    const { key } = await createApplication(admin, ['orders:read']);
    const permissions = [`${key}/orders:read`];
    const node = await add({ permissions }, key);
    await declare(admin, key, []);
    expect(refusals(await post({ permissions }, key))).toEqual(['permissions: permission']);
    await admin.done('PATCH', `/menus/${node.id}`, { permissions, hidden: true });
  });
});
