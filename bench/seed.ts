import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import type { Person } from './people.ts';

type Value = string | number;
type Query = (sql: string, params?: readonly Value[]) => Promise<readonly object[]>;

export const ADMINISTRATOR = 'bench-admin';

const OPERATOR_COMMANDS = join(import.meta.dirname, '..', 'dist', 'src', 'cli', 'main.js');

const run = (args: readonly string[], options: { env: NodeJS.ProcessEnv }) =>
  promisify(execFile)(process.execPath, args, options);

export interface SeedSize {
  readonly users: number;
  readonly sessions: number;
  /** Of them, how many take part in the load. */
  readonly active: number;
}

/** MySQL by its URL, or SQLite by its data folder. */
export type Store = { readonly databaseUrl: string } | { readonly dataDir: string };

export interface Seeded {
  readonly people: readonly Person[];
  /** Of everybody, the administrator included. */
  readonly password: string;
}

/** Fills a migrated database with the product's own seed and hands some of its people tokens that work. */
export async function seed(
  store: Store,
  { users, sessions, active }: SeedSize,
  folder: string,
): Promise<Seeded> {
  const env = {
    PATH: process.env['PATH'],
    ...('databaseUrl' in store
      ? { DATABASE_URL: store.databaseUrl, DATA_DIR: folder }
      : { DATA_DIR: store.dataDir }),
  };
  const worker = join(import.meta.dirname, 'seed-worker.mjs');
  const { stdout: password } = await run([worker, String(users), String(sessions)], { env });
  const creating = run([OPERATOR_COMMANDS, 'admin', 'create', ADMINISTRATOR], { env });
  creating.child.stdin?.end(`${password}\n`);
  await creating;
  const people = await withDatabase(store, (query) => equip(query, active));
  return { people, password };
}

/** Only digests of refresh tokens are stored, so the bench puts those of its own in the place of some. */
async function equip(query: Query, count: number): Promise<Person[]> {
  const rows = await query(
    `SELECT sessions.id AS sessionId, users.id AS userId, users.username FROM sessions
     JOIN users ON users.id = sessions.user_id WHERE users.status = 'active' AND sessions.ended_at IS NULL AND sessions.idle_expires_at > ? LIMIT ?`,
    [Date.now() + 86_400_000, count],
  );
  const people: Person[] = [];
  for (const row of rows) {
    const refreshToken = `gatehouse_rt_${randomBytes(32).toString('base64url')}`;
    const person = { ...row, refreshToken } as Person;
    const digest = hash('sha256', refreshToken, 'base64url');
    // As of somebody who is at work here and now: no new address to note, and no long unused session to revive.
    await query('UPDATE sessions SET refresh_digest = ?, ip = ?, last_seen_at = ? WHERE id = ?', [
      digest,
      '127.0.0.1',
      Date.now(),
      person.sessionId,
    ]);
    people.push(person);
  }
  if (people.length === 0) throw new Error('the seed has no active user with a session');
  return people;
}

async function withDatabase<T>(store: Store, work: (query: Query) => Promise<T>): Promise<T> {
  if ('dataDir' in store) {
    const connection = new BetterSqlite3(sqliteFile(store.dataDir));
    try {
      return await work(async (sql, params = []) => {
        const statement = connection.prepare(sql);
        if (statement.reader) return statement.all(...params) as object[];
        statement.run(...params);
        return [];
      });
    } finally {
      connection.close();
    }
  }
  const connection = await mysql.createConnection({ uri: store.databaseUrl });
  try {
    return await work(async (sql, params = []) => {
      const [rows] = await connection.query(sql, [...params]);
      return Array.isArray(rows) ? (rows as object[]) : [];
    });
  } finally {
    await connection.end();
  }
}

/** A copy for the floor, so that two programs never wait for one file. */
export function copySqlite(dataDir: string, copy: string): void {
  const connection = new BetterSqlite3(sqliteFile(dataDir));
  connection.prepare('VACUUM INTO ?').run(copy);
  connection.close();
}

function sqliteFile(dataDir: string): string {
  return join(dataDir, 'gatehouse.sqlite');
}
