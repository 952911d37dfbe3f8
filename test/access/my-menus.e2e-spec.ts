import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { createApplication } from '../support/applications.ts';
import { singleStatements } from '../support/statements.ts';

interface MyMenu {
  readonly key: string;
  readonly title: string;
  readonly buttons: ReadonlyArray<{ readonly key: string; readonly title: string }>;
  readonly children: readonly MyMenu[];
}

interface MyMenus {
  readonly home: string | null;
  readonly items: readonly MyMenu[];
}

/** What the test knows of a node that it made. */
interface Made {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly parent: Made | undefined;
  readonly enabled: boolean;
  readonly permissions: readonly string[];
}

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function add(
  to: string,
  body: { readonly key: string; readonly [field: string]: unknown },
): Promise<string> {
  const node = { kind: 'page', title: { en: body.key }, ...body };
  return (await admin.done<{ id: string }>('POST', `/applications/${to}/menus`, node)).id;
}

function menusOf({ token }: Pick<Person, 'token'>, key: string, headers: Record<string, string> = {}) {
  return app.call<MyMenus>('GET', `/me/menus?application=${key}`, { token, headers });
}

function keysOf(menus: readonly MyMenu[]): string[] {
  return menus.flatMap(({ key, buttons, children }) => [
    key,
    ...buttons.map((button) => button.key),
    ...keysOf(children),
  ]);
}

describe('GET /me/menus', () => {
  it('shows what somebody may see, in their language, with the first page as home', async () => {
    const { key } = await createApplication(admin, ['orders:read', 'orders:refund']);
    const sales = await add(key, { key: 'Sales', kind: 'group', title: { 'zh-CN': '销售' } });
    const orders = await add(key, {
      key: 'Orders',
      parent_id: sales,
      title: { en: 'Orders', 'zh-CN': '订单' },
      path: '/orders',
      permissions: [`${key}/orders:read`],
    });
    await add(key, {
      key: 'Refund',
      kind: 'button',
      parent_id: orders,
      permissions: [`${key}/orders:refund`],
    });
    await add(key, { key: 'Help', kind: 'link', url: 'https://example.com' });
    const clerk = await admin.personWith([`${key}/orders:read`]);
    const boss = await admin.personWith([`${key}/orders:read`, `${key}/orders:refund`]);
    const nobody = await admin.person();

    const help = { key: 'Help', kind: 'link', url: 'https://example.com', title: 'Help' };
    expect((await menusOf(nobody, key)).body.data).toMatchObject({ home: null, items: [help] });
    const seen = (await menusOf(clerk, key)).body.data;
    expect(seen).toMatchObject({
      home: 'Orders',
      items: [
        { key: 'Sales', title: '销售', children: [{ key: 'Orders', title: 'Orders', buttons: [] }] },
        help,
      ],
    });
    const inChinese = await menusOf(boss, key, { 'accept-language': 'zh-CN' });
    expect(inChinese.body.data.items[0]?.children[0]).toEqual({
      key: 'Orders',
      kind: 'page',
      title: '订单',
      path: '/orders',
      component: '',
      redirect: '',
      icon: '',
      url: '',
      hidden: false,
      keep_alive: false,
      meta: {},
      buttons: [{ key: 'Refund', title: 'Refund' }],
      children: [],
    });
    expect(keysOf((await menusOf(admin.admin, key)).body.data.items)).toEqual([
      'Sales',
      'Orders',
      'Refund',
      'Help',
    ]);
  });

  it('follows a change of roles on the next call', async () => {
    const { key } = await createApplication(admin, ['orders:read']);
    await add(key, { key: 'Orders', permissions: [`${key}/orders:read`] });
    const role = await admin.role([`${key}/orders:read`]);
    const person = await admin.person();
    const seen = async () => keysOf((await menusOf(person, key)).body.data.items);
    expect(await seen()).toEqual([]);
    await admin.done('PUT', `/users/${person.id}/roles`, { roles: [role.key] });
    expect(await seen()).toEqual(['Orders']);
    await admin.done('PATCH', `/roles/${role.id}`, { permissions: [] });
    expect(await seen()).toEqual([]);
  });

  it('answers 304 to who has it already, until it changes', async () => {
    const { key } = await createApplication(admin);
    const id = await add(key, { key: 'Orders' });
    const first = await menusOf(admin.admin, key);
    const tag = String(first.headers['etag']);
    expect(tag).toMatch(/^W\/"[\w-]{43}"$/);
    for (const known of [tag, tag.slice(2), `"x", ${tag}`, '*']) {
      const again = await menusOf(admin.admin, key, { 'if-none-match': known });
      expect([again.status, again.text, again.headers['etag']], known).toEqual([304, '', tag]);
    }
    await admin.done('PATCH', `/menus/${id}`, { title: { en: 'All orders' } });
    expect((await menusOf(admin.admin, key, { 'if-none-match': tag })).status).toBe(200);
  });

  it('needs an application that there is', async () => {
    const { token } = admin.admin;
    expect(refusal(await app.call('GET', '/me/menus?application=nothing', { token }))).toEqual([404, 13006]);
    expect(refusal(await app.call('GET', '/me/menus', { token }))).toEqual([400, 10001]);
    expect(refusal(await app.call('GET', '/me/menus?application=shop'))).toEqual([401, 11002]);
  });

  it('reads 400 nodes by two statements, beside that of the session', { timeout: 120_000 }, async () => {
    const { key } = await createApplication(admin, ['orders:read']);
    const groups = [await add(key, { key: 'A', kind: 'group' }), await add(key, { key: 'B', kind: 'group' })];
    for (let n = 0; n < 398; n += 1)
      await add(key, {
        parent_id: groups[n % 2],
        key: `Node${n}`,
        permissions: [`${key}/orders:read`],
        meta: { order: n },
      });
    const person = await admin.personWith([`${key}/orders:read`]);
    const statements = await singleStatements(app.database, async () => {
      expect((await menusOf(person, key)).body.data.items.flatMap(({ children }) => children)).toHaveLength(
        398,
      );
    });
    expect(statements).toHaveLength(3);
  });

  it('shows nobody a node without one of its permissions: random trees', { timeout: 180_000 }, async () => {
    const codes = ['a:a', 'b:b', 'c:c'];
    const random = sequence(7);
    const people: Array<{ readonly token: string; readonly holds: readonly string[] }> = [];
    for (let tree = 0; tree < 40; tree += 1) {
      const { key } = await createApplication(admin, codes);
      const full = codes.map((code) => `${key}/${code}`);
      const nodes = await randomTree(key, full, random);
      people.length = 0;
      for (const holds of [[], full.slice(0, 1), full.slice(1)])
        people.push({ token: (await admin.personWith(holds)).token, holds });
      for (const person of people) {
        const seen = keysOf((await menusOf(person, key)).body.data.items);
        const shown = nodes.filter((node) => isShown(node, nodes, person.holds)).map((node) => node.key);
        expect(seen.sort()).toEqual(shown.sort());
      }
    }
  });
});

async function randomTree(key: string, codes: readonly string[], random: () => number): Promise<Made[]> {
  const nodes: Made[] = [];
  for (let n = 0; n < 12; n += 1) {
    const parents = [undefined, ...nodes.filter(({ kind }) => kind === 'group' || kind === 'page')];
    const parent = parents[Math.floor(random() * parents.length)];
    const kinds = parent?.kind === 'page' ? ['page', 'button'] : ['group', 'page', 'link'];
    const kind = kinds[Math.floor(random() * kinds.length)] ?? 'page';
    const permissions = codes.filter(() => random() < 0.3);
    const enabled = random() < 0.8;
    const body = { key: `Node${n}`, kind, parent_id: parent?.id ?? null, permissions, enabled };
    const answer = await admin.call<{ id: string }>('POST', `/applications/${key}/menus`, {
      ...body,
      title: { en: 'x' },
    });
    // Too deep.
    if (answer.status !== 201) continue;
    nodes.push({ ...body, id: answer.body.data.id, parent });
  }
  return nodes;
}

function isShown(node: Made, nodes: readonly Made[], holds: readonly string[]): boolean {
  const { enabled, permissions, parent, kind } = node;
  const mayBe = enabled && (permissions.length === 0 || permissions.some((code) => holds.includes(code)));
  if (!mayBe || (parent !== undefined && !isAllowed(parent, holds))) return false;
  return kind !== 'group' || nodes.some((other) => other.parent === node && isShown(other, nodes, holds));
}

/** Whether the way to a node is open; that it has something below it is known where the node itself is shown. */
function isAllowed({ enabled, permissions, parent }: Made, holds: readonly string[]): boolean {
  const mayBe = enabled && (permissions.length === 0 || permissions.some((code) => holds.includes(code)));
  return mayBe && (parent === undefined || isAllowed(parent, holds));
}

/** Numbers from 0 to 1, alike in each run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
