import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Administration, refusal, type Person } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let admin: Administration;

beforeEach(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterEach(() => app.close());

async function activeAdministrators(): Promise<number> {
  const [row] = await app.database.query<Array<{ active: number }>>(
    `SELECT COUNT(*) AS active FROM users WHERE status = 'active' AND id IN
       (SELECT user_id FROM user_roles WHERE role_id = (SELECT id FROM roles WHERE role_key = 'administrator'))`,
  );
  return row?.active ?? 0;
}

describe('the last administrator', () => {
  it('stays, whoever asks and however, and is told so before "not on yourself"', async () => {
    const { id } = admin.admin;
    expect(refusal(await admin.call('POST', `/users/${id}/disable`))).toEqual([409, 12006]);
    expect(refusal(await admin.call('DELETE', `/users/${id}`))).toEqual([409, 12006]);
    expect(refusal(await admin.call('PUT', `/users/${id}/roles`, { roles: [] }))).toEqual([409, 12006]);
    // Somebody who holds as much by another role, but is not an administrator.
    const { items } = await admin.done<{ items: Array<{ code: string }> }>('GET', '/permissions');
    const equal = await admin.personWith(items.map(({ code }) => code));
    for (const [method, path, body] of [
      ['POST', '/disable', undefined],
      ['DELETE', '', undefined],
      ['PUT', '/roles', { roles: [] }],
    ] as const) {
      const answer = await app.call(method, `/users/${id}${path}`, {
        token: equal.token,
        ...(body && { body }),
      });
      expect(refusal(answer)).toEqual([409, 12006]);
    }
    const batch = await admin.done('POST', '/users/batch', { action: 'delete', ids: [id] });
    expect(batch).toMatchObject({ results: [{ id, code: 12006 }] });
    expect(await activeAdministrators()).toBe(1);
  });

  it('is the last active one: a disabled one does not count, and can go', async () => {
    const other = await admin.person({ roles: ['administrator'] });
    await admin.done('POST', `/users/${other.id}/disable`);
    expect(refusal(await admin.call('DELETE', `/users/${admin.admin.id}`))).toEqual([409, 12006]);
    await admin.done('DELETE', `/users/${other.id}`);
  });

  it('may step back when there is another', async () => {
    await app.createUser({ roles: ['administrator'] });
    await admin.done('PUT', `/users/${admin.admin.id}/roles`, { roles: [] });
    expect(refusal(await admin.call('GET', '/users'))).toEqual([403, 11004]);
    expect(await activeAdministrators()).toBe(1);
  });
});

const ATTACKS: Record<string, (on: Person) => [method: string, path: string, body?: unknown]> = {
  'demote each other': ({ id }) => ['PUT', `/users/${id}/roles`, { roles: [] }],
  'disable each other': ({ id }) => ['POST', `/users/${id}/disable`],
  'delete each other': ({ id }) => ['DELETE', `/users/${id}`],
  'delete each other in a batch': ({ id }) => ['POST', '/users/batch', { action: 'delete', ids: [id] }],
};

describe('two administrators at once', () => {
  for (const [name, attack] of Object.entries(ATTACKS)) {
    it(`cannot ${name}`, async () => {
      for (let round = 0; round < 3; round += 1) {
        const one = await admin.person({ roles: ['administrator'] });
        const other = await admin.person({ roles: ['administrator'] });
        // Only these two are left, so that one of them is the last.
        await app.database.execute("UPDATE users SET status = 'disabled' WHERE id = ?", [admin.admin.id]);
        const call = (by: Person, on: Person) => {
          const [method, path, body] = attack(on);
          return app.call<{ results?: Array<{ code: number }> }>(method, path, {
            token: by.token,
            ...(body === undefined ? {} : { body }),
          });
        };
        const answers = await Promise.all([call(one, other), call(other, one)]);
        const codes = answers.map(({ body }) => body.data?.results?.[0]?.code ?? body.code);
        expect(codes.filter((code) => code === 0)).toHaveLength(1);
        expect([11002, 11004, 12006, 13005]).toContain(codes.find((code) => code !== 0));
        expect(await activeAdministrators()).toBe(1);

        await app.database.execute("UPDATE users SET status = 'active' WHERE id = ?", [admin.admin.id]);
        await app.database.execute('DELETE FROM users WHERE id IN (?, ?)', [one.id, other.id]);
      }
    });
  }

  it('of six who all demote all others leave at least one', async () => {
    const people: Person[] = [];
    while (people.length < 6) people.push(await admin.person({ roles: ['administrator'] }));
    await app.database.execute("UPDATE users SET status = 'disabled' WHERE id = ?", [admin.admin.id]);
    const answers = await Promise.all(
      people.flatMap(({ token, id }) =>
        people
          .filter((other) => other.id !== id)
          .map((other) => app.call('PUT', `/users/${other.id}/roles`, { token, body: { roles: [] } })),
      ),
    );
    expect(answers.every(({ status }) => status < 500)).toBe(true);
    expect(await activeAdministrators()).toBeGreaterThanOrEqual(1);
  });
});
