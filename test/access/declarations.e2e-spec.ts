import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { codesOf, createApplication, declare, listed, type DeclaredData } from '../support/applications.ts';
import { refusals } from '../support/envelope.ts';
import { createKey, createServiceAccount } from '../support/keys.ts';
import { statementsOfTransactions } from '../support/statements.ts';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

/** A service account that may declare, and its key. */
async function service(): Promise<{ readonly id: string; readonly token: string }> {
  const { id } = await createServiceAccount(admin, ['applications:declare']);
  const { secret: token } = await createKey(admin, id, ['applications:declare']);
  return { id, token };
}

function declareAs(person: Pick<Person, 'token'>, id: string, codes: readonly string[]) {
  const body = { permissions: listed(codes) };
  return app.call('PUT', `/applications/${id}/permissions`, { token: person.token, body });
}

describe('a declaration', () => {
  it('adds, changes, retires and revives, and says so', async () => {
    const { id, key } = await createApplication(admin);
    const describe = (en: string) => ({ permissions: [{ code: 'orders:read', description: { en } }] });
    const put = (body: unknown) => admin.done('PUT', `/applications/${key}/permissions`, body);
    const nothing = { added: 0, changed: 0, retired: 0, unchanged: 0, codes_added: [], codes_retired: [] };
    expect(await put(describe('See orders'))).toEqual({
      ...nothing,
      added: 1,
      codes_added: ['orders:read'],
    });
    expect(await put(describe('See orders'))).toEqual({ ...nothing, unchanged: 1 });
    expect(await put(describe('Read orders'))).toEqual({ ...nothing, changed: 1 });
    expect(await put({ permissions: [] })).toEqual({
      ...nothing,
      retired: 1,
      codes_retired: ['orders:read'],
    });
    expect(await codesOf(admin, id)).toEqual({ 'orders:read': [true, 0] });
    expect(await put(describe('Read orders'))).toMatchObject({ added: 1 });
    expect(await codesOf(admin, id)).toEqual({ 'orders:read': [false, 0] });

    const events = (await admin.eventsOn(id)).filter(({ action }) => action === 'application.declared');
    expect(events).toHaveLength(4);
    expect(events.map(({ detail }) => detail)).toContainEqual({
      ...nothing,
      key,
      retired: 1,
      codes_retired: [`${key}/orders:read`],
    });
  });

  it('that is dry changes nothing', async () => {
    const { id } = await createApplication(admin, ['orders:read']);
    expect(await declare(admin, id, ['orders:write'], { dry_run: true })).toMatchObject({
      added: 1,
      retired: 1,
    });
    expect(await codesOf(admin, id)).toEqual({ 'orders:read': [false, 0] });
  });

  it('takes no lock where it says what is declared already', async () => {
    const { id } = await createApplication(admin, ['orders:read']);
    expect(await statementsOfTransactions(app.database, () => declare(admin, id, ['orders:read']))).toEqual(
      [],
    );
  });

  it('of a thousand permissions takes few statements, and more than 32 KiB', async () => {
    const { id } = await createApplication(admin);
    const permissions = Array.from({ length: 1000 }, (_, n) => ({
      code: `things_${n}:read`,
      description: { en: 'x'.repeat(100), 'zh-CN': '读'.repeat(20) },
    }));
    const put = (body: unknown) => admin.done<DeclaredData>('PUT', `/applications/${id}/permissions`, body);
    const [transaction = []] = await statementsOfTransactions(app.database, async () => {
      expect(await put({ permissions })).toMatchObject({ added: 1000 });
    });
    expect(transaction.length).toBeLessThanOrEqual(12);
    expect(await put({ permissions })).toMatchObject({ unchanged: 1000 });
    expect(Object.keys(await codesOf(admin, id))).toHaveLength(1000);
    const more = await admin.call('PUT', `/applications/${id}/permissions`, {
      permissions: [...permissions, { code: 'one:more' }],
    });
    expect(refusals(more)).toEqual(['permissions: list']);
    const fits = ' '.repeat(256 * 1024 - 20) + '{"permissions":[]}';
    expect(refusal(await admin.call('PUT', `/applications/${id}/permissions`, fits))).toEqual([409, 13009]);
    const tooLarge = ' '.repeat(256 * 1024) + '{"permissions":[]}';
    expect(refusal(await admin.call('PUT', `/applications/${id}/permissions`, tooLarge))).toEqual([
      413, 10005,
    ]);
    const elsewhere = ' '.repeat(32 * 1024) + '{"name":"x"}';
    expect(refusal(await admin.call('PATCH', `/applications/${id}`, elsewhere))).toEqual([413, 10005]);
  });

  it.each([
    [{ code: 'orders' }, 'permissions[0].code: permission_code'],
    [{ code: 'Orders:read' }, 'permissions[0].code: permission_code'],
    [{ code: 'shop/orders:read' }, 'permissions[0].code: permission_code'],
    [{ code: 'orders:*' }, 'permissions[0].code: permission_code'],
    [{ code: 'ｏrders:read' }, 'permissions[0].code: permission_code'],
    [{ code: 'orders:read\n' }, 'permissions[0].code: permission_code'],
    [{ code: `orders:${'x'.repeat(58)}` }, 'permissions[0].code: length'],
    [{ code: 1 }, 'permissions[0].code: string'],
    [{}, 'permissions[0].code: required'],
    [null, 'permissions[0]: object'],
    [['orders:read'], 'permissions[0]: object'],
    ['orders:read', 'permissions[0]: object'],
    [{ code: 'orders:read', description: 'x' }, 'permissions[0].description: object'],
    [{ code: 'orders:read', description: null }, 'permissions[0].description: object'],
    [{ code: 'orders:read', description: { fr: 'x' } }, 'permissions[0].description.fr: unknown'],
    [
      { code: 'orders:read', description: { en: 'a\u0000' } },
      'permissions[0].description.en: control_characters',
    ],
    [{ code: 'orders:read', constructor: 1 }, 'permissions[0].constructor: unknown'],
  ])('of %j is refused', async (declaration, refused) => {
    const { id } = await createApplication(admin);
    const answer = await admin.call('PUT', `/applications/${id}/permissions`, { permissions: [declaration] });
    expect(refusals(answer)).toEqual([refused]);
    expect(await codesOf(admin, id)).toEqual({});
  });

  it('cannot name a permission twice', async () => {
    const { id } = await createApplication(admin);
    const answer = await admin.call('PUT', `/applications/${id}/permissions`, {
      permissions: listed(['orders:read', 'orders:read']),
    });
    expect(refusals(answer)).toEqual(['permissions: distinct']);
  });

  it('cannot take the code of another application or of Gatehouse', async () => {
    const [one, other] = [
      await createApplication(admin, ['users:read']),
      await createApplication(admin, ['users:read']),
    ];
    const person = await admin.personWith([`${one.key}/users:read`]);
    expect(refusal(await app.call('GET', '/users', { token: person.token }))).toEqual([403, 11004]);
    expect(await codesOf(admin, other.id)).toEqual({ 'users:read': [false, 0] });
  });

  it('retires more than half of ten or more only where that is meant', async () => {
    const codes = Array.from({ length: 10 }, (_, n) => `orders_${n}:read`);
    const { id } = await createApplication(admin, codes);
    const half = { permissions: listed(codes.slice(0, 4)) };
    expect(refusal(await admin.call('PUT', `/applications/${id}/permissions`, half))).toEqual([409, 13009]);
    expect(Object.values(await codesOf(admin, id)).some(([retired]) => retired)).toBe(false);
    expect(await declare(admin, id, codes.slice(0, 5))).toMatchObject({ retired: 5 });
    expect(await declare(admin, id, [])).toMatchObject({ retired: 5 });
    const other = await createApplication(admin, codes);
    expect(await declare(admin, other.id, [], { allow_retire: true })).toMatchObject({ retired: 10 });
  });

  it('is whole, whichever of 20 parallel ones comes last', async () => {
    const { id } = await createApplication(admin);
    const versions = [
      ['orders:read', 'orders:write'],
      ['orders:read', 'orders:refund', 'orders:cancel'],
    ];
    await Promise.all(Array.from({ length: 20 }, (_, n) => declare(admin, id, versions[n % 2] ?? [])));
    const live = Object.entries(await codesOf(admin, id)).flatMap(([code, [retired]]) =>
      retired ? [] : [code],
    );
    expect(versions.map((codes) => codes.toSorted())).toContainEqual(live.sort());
  });

  it('comes from who manages applications, or from the owner, and from nobody else', async () => {
    const [owner, other] = [await service(), await service()];
    const reader = await admin.personWith(['applications:read']);
    const { id, key } = await createApplication(admin, ['orders:read'], owner.id);
    expect((await declareAs(owner, key, ['orders:read', 'orders:write'])).status).toBe(200);
    expect(refusal(await declareAs(other, id, []))).toEqual([404, 13006]);
    expect(refusal(await declareAs(reader, id, []))).toEqual([403, 11004]);
    expect(await codesOf(admin, id)).toEqual({ 'orders:read': [false, 0], 'orders:write': [false, 0] });
  });
});
