import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, type Person, type UserData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { statementsOfTransactions } from '../support/statements.ts';

/** As many as one call can name. */
const MOST = 100;

/** While a transaction changes who may do what, every other administrator waits. */
const MOST_STATEMENTS = 20;

let app: TestApp;
let admin: Administration;
/** Holds every permission that the roles list, and is no administrator. */
let helper: Person;
let keys: string[];

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
  helper = await admin.personWith(['roles:assign', 'users:read', 'users:update', 'sessions:read']);
  keys = await insertRoles(2 * MOST, ['users:read', 'users:update', 'sessions:read']);
});
afterAll(() => app.close());

/** Past the service, because as many calls would take longer than the test. */
async function insertRoles(count: number, permissions: readonly string[]): Promise<string[]> {
  const roles = Array.from({ length: count }, (_, index) => ({
    id: crypto.randomUUID(),
    key: `many-${String(index).padStart(3, '0')}`,
  }));
  await app.database.execute(
    `INSERT INTO roles (id, role_key, name, description, built_in, created_at, updated_at)
     VALUES ${roles.map(() => "(?, ?, 'Many', '', 0, 1, 1)").join(', ')}`,
    roles.flatMap(({ id, key }) => [id, key]),
  );
  const grants = roles.flatMap(({ id }) => permissions.map((permission) => [id, permission]));
  await app.database.execute(
    `INSERT INTO role_permissions (role_id, permission) VALUES ${grants.map(() => '(?, ?)').join(', ')}`,
    grants.flat(),
  );
  return roles.map(({ key }) => key);
}

function setRoles(by: string, id: string, roles: readonly string[]) {
  return app.call<UserData>('PUT', `/users/${id}/roles`, { token: by, body: { roles } });
}

describe(`PUT /users/{id}/roles with ${MOST} roles`, () => {
  it.each([
    ['an administrator', () => admin.admin.token],
    ['somebody who holds just enough', () => helper.token],
  ])('by %s sends few statements, and records all that came and went', async (_, token) => {
    const [former, next] = [keys.slice(0, MOST), keys.slice(MOST)];
    const { id } = await app.createUser();
    for (const roles of [former, next]) {
      app.clock.advance(1);
      let answer: Awaited<ReturnType<typeof setRoles>> | undefined;
      const transactions = await statementsOfTransactions(app.database, async () => {
        answer = await setRoles(token(), id, roles.toReversed());
      });
      expect(answer?.body.data.roles).toEqual(roles);
      expect((await admin.user(id)).roles).toEqual(roles);
      for (const statements of transactions) expect(statements.length).toBeLessThanOrEqual(MOST_STATEMENTS);
      expect(transactions.flat().some((sql) => sql.includes('user_roles'))).toBe(true);
    }
    const event = (await admin.eventsOn(id)).find(({ action }) => action === 'user.roles_changed');
    expect(event?.detail).toEqual({ fields: ['roles'], added: next, removed: former });
  });

  it('creates a user with as many in as few', async () => {
    const transactions = await statementsOfTransactions(app.database, () =>
      app.createUser({ roles: keys.slice(0, MOST) }),
    );
    for (const statements of transactions) expect(statements.length).toBeLessThanOrEqual(MOST_STATEMENTS);
  });

  it('refuses no other administrator meanwhile', async () => {
    const other = await admin.person({ roles: ['administrator'] });
    const [target, ...others] = await Promise.all(Array.from({ length: 5 }, () => app.createUser()));
    const rename = ({ id }: { readonly id: string }) =>
      app.call('PATCH', `/users/${id}`, { token: other.token, body: { full_name: 'Changed' } });
    const answers = await Promise.all([
      setRoles(admin.admin.token, target?.id ?? '', keys.slice(0, MOST)),
      ...others.map(rename),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });
});
