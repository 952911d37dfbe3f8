import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, type ListData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

const USER = `(id, username, full_name, status, credential_version, password_change_at, created_at, updated_at)
  VALUES (?, ?, 'Comes And Goes', 'active', 1, 1, ?, 1)`;
const ROLE = `(id, role_key, name, description, built_in, created_at, updated_at) VALUES (?, ?, 'Role', '', 0, ?, 1)`;
const SESSION = `(id, refresh_digest, created_at, user_id, user_agent, ip, last_seen_at, idle_expires_at, expires_at)
  VALUES (?, ?, ?, (SELECT id FROM users WHERE username = 'admin'), '', '', 1, 9000000000000, 9000000000000)`;

describe.each([
  ['/users', 'users', USER],
  ['/users?status=active&sort=username', 'users', USER],
  ['/roles', 'roles', ROLE],
  ['/me/sessions', 'sessions', SESSION],
])('%s, while rows come and go', (path, table, columnsAndValues) => {
  it('answers pages that agree with their total', async () => {
    let over = false;
    const made: string[] = [];
    const write = async () => {
      while (!over) {
        // SQLite answers within the turn, and nobody else would have one.
        await nextTurn();
        const id = randomUUID();
        const values = [id, id.slice(0, 30), app.clock.now() + made.length];
        await app.database.execute(`INSERT INTO ${table} ${columnsAndValues}`, values);
        made.push(id);
        const gone = made.length > 6 ? made.splice(0, 5) : [];
        for (const old of gone) await app.database.execute(`DELETE FROM ${table} WHERE id = ?`, [old]);
      }
    };
    const writers = [write(), write()];
    const separator = path.includes('?') ? '&' : '?';
    try {
      for (let round = 0; round < 100; round += 1) {
        const query = `page=${1 + (round % 5)}&page_size=2`;
        expectAgreement(await admin.done<ListData<unknown>>('GET', `${path}${separator}${query}`));
      }
    } finally {
      over = true;
    }
    await Promise.all(writers);
  });
});

function expectAgreement({ items, total, page, page_size: size }: ListData<unknown>): void {
  const before = (page - 1) * size;
  if (items.length === 0) expect(total).toBeLessThanOrEqual(before);
  else if (items.length < size) expect(total).toBe(before + items.length);
  else expect(total).toBeGreaterThanOrEqual(before + items.length);
}
