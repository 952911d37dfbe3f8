import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import type { Database } from '../../src/database/database.ts';
import { dataSourceOptions, openDatabase } from '../../src/database/open-database.ts';
import { buildProgram, runProgram } from '../support/built-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Every kill is a start and a second of writing; `AUDIT_KILLS=50` for the full proof. */
const KILLS = Number(process.env['AUDIT_KILLS'] ?? 4);
const PASSWORD = 'tidal-marble-orchard-57';

let testDatabase: TestDatabase;
let dist: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  dist = await buildProgram();
}, 180_000);
afterAll(() => testDatabase.drop());

describe('a program that is killed while it writes', () => {
  it(
    'leaves neither a change without its audit event nor an event without its change',
    async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        await writeUntilKilled(kill);
        await expectWhole();
      }
    },
    30_000 * KILLS,
  );
});

async function writeUntilKilled(kill: number): Promise<void> {
  const env = {
    ...testDatabase.env,
    BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
    LOG_LEVEL: 'silent',
    SIGNIN_ADDRESS_ATTEMPTS: '1000000',
  };
  const program = runProgram(dist, 'src/main.js', { env });
  const url = await program.untilReady();
  const call = async (method: string, path: string, token: string, body?: unknown) => {
    const answer = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as { data: { id: string; access_token: string; next: number } };
  };
  const { data } = await call('POST', '/signin', '', { username: 'admin', password: PASSWORD });
  let alive = true;
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let turn = 0; alive; turn += 1) {
      const key = `k${kill}-${writer}-${turn}`;
      const role = await call('POST', '/roles', data.access_token, {
        key,
        name: key,
        permissions: ['users:read'],
      });
      await call('PATCH', `/roles/${role.data.id}`, data.access_token, { name: 'changed' });
      if (turn % 2 === 0) await call('DELETE', `/roles/${role.data.id}`, data.access_token);
    }
  });
  const written = Promise.allSettled(writers);
  // The first round of the sequencer begins within a second, or later on a busy machine.
  const numbered = async () =>
    (await call('GET', '/audit-events?after=0&limit=1', data.access_token)).data.next > 0;
  while (!(await numbered())) await sleep(20);
  await sleep(Math.random() * 600);
  await program.stop('SIGKILL');
  alive = false;
  await written;
}

/** Compares roles with what the record says became of them. */
async function expectWhole(): Promise<void> {
  const database = openDatabase(dataSourceOptions(loadConfig(testDatabase.env).database));
  try {
    const ids = async (action: string) => {
      const rows = await database.query<Array<{ id: string }>>(
        'SELECT target_id AS id FROM audit_events WHERE action = ? ORDER BY target_id',
        [action],
      );
      return rows.map(({ id }) => id);
    };
    const roles = await database.query<Array<{ id: string; name: string }>>(
      'SELECT id, name FROM roles WHERE built_in = 0 ORDER BY id',
    );
    const [created, updated, deleted] = await Promise.all(
      ['role.created', 'role.updated', 'role.deleted'].map(ids),
    );
    expect(new Set(created).size).toBe(created?.length);
    expect(roles.map(({ id }) => id)).toEqual(created?.filter((id) => !deleted?.includes(id)));
    const changed = roles.filter(({ name }) => name === 'changed').map(({ id }) => id);
    expect(changed).toEqual(updated?.filter((id) => !deleted?.includes(id)));
    expect(created?.length).toBeGreaterThan(0);
    await expectOrdered(database);
  } finally {
    await database.destroy();
  }
}

/** What is numbered has the numbers from 1 up to the head, none missing, and the counts are those of the rows. */
async function expectOrdered(database: Database): Promise<void> {
  const [head] = await database.query<object[]>('SELECT seq FROM audit_head');
  const [numbered] = await database.query<Array<{ n: number }>>(
    'SELECT COALESCE(MAX(seq), 0) AS seq, COUNT(seq) AS n FROM audit_events',
  );
  expect(numbered).toEqual({ ...head, n: Number(Reflect.get(head ?? {}, 'seq')) });
  expect(numbered?.n).toBeGreaterThan(0);
  const counts = await database.query(
    'SELECT hour, action, outcome, n FROM audit_counts ORDER BY hour, action, outcome',
  );
  const rows = await database.query(
    `SELECT at - at % 3600000 AS hour, action, outcome, COUNT(*) AS n FROM audit_events WHERE seq IS NOT NULL
     GROUP BY at - at % 3600000, action, outcome ORDER BY hour, action, outcome`,
  );
  expect(counts).toEqual(rows);
}
