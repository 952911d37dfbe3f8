import { hash } from '@node-rs/argon2';
import BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import { PASSWORD, type Person } from './people.ts';

type Value = string | number | null;
type Run = (sql: string, params: readonly Value[]) => Promise<void>;

const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 200;
const ADMINISTRATOR_ROLE = '00000000-0000-4000-8000-000000000001';

/** The cost of the default configuration. */
export function hashedPassword(): Promise<string> {
  return hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 });
}

/** Writes people, each with a password and one session, into a migrated database; the first is an administrator. */
export async function seedPeople(run: Run, people: readonly Person[]): Promise<void> {
  const now = Date.now();
  const passwordHash = await hashedPassword();
  const insert = async (head: string, rows: readonly (readonly Value[])[]) => {
    for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
      const some = rows.slice(from, from + ROWS_AT_ONCE);
      const marks = some.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ');
      await run(`${head} VALUES ${marks}`, some.flat());
    }
  };
  await insert(
    'INSERT INTO users (id, username, full_name, email, phone, status, credential_version, password_change_at,' +
      ' created_at, updated_at, last_sign_in_at)',
    people.map(({ userId, username }) => {
      return [
        userId,
        username,
        `Person ${username}`,
        `${username}@example.com`,
        null,
        'active',
        1,
        now,
        now,
        now,
        null,
      ];
    }),
  );
  await insert(
    'INSERT INTO password_credentials (user_id, hash, updated_at)',
    people.map(({ userId }) => [userId, passwordHash, now]),
  );
  await insert(
    'INSERT INTO sessions (id, user_id, refresh_digest, user_agent, ip, created_at, last_seen_at, idle_expires_at,' +
      ' expires_at, ended_at, end_reason)',
    people.map(({ userId, sessionId, refreshDigest }) => {
      return [
        sessionId,
        userId,
        refreshDigest,
        'bench',
        '127.0.0.1',
        now,
        now,
        now + 7 * DAY_MS,
        now + 30 * DAY_MS,
        null,
        null,
      ];
    }),
  );
  const [administrator] = people;
  if (administrator) {
    await run('INSERT INTO user_roles (user_id, role_id) VALUES (?, ?)', [
      administrator.userId,
      ADMINISTRATOR_ROLE,
    ]);
  }
}

export async function seedMysql(url: string, people: readonly Person[]): Promise<void> {
  const connection = await mysql.createConnection({ uri: url });
  try {
    await seedPeople(async (sql, params) => void (await connection.query(sql, [...params])), people);
  } finally {
    await connection.end();
  }
}

/** Seeds the file, and leaves a copy beside it for the floor. */
export async function seedSqlite(file: string, copy: string, people: readonly Person[]): Promise<void> {
  const connection = new BetterSqlite3(file);
  try {
    await seedPeople(async (sql, params) => void connection.prepare(sql).run(...params), people);
    connection.prepare('VACUUM INTO ?').run(copy);
  } finally {
    connection.close();
  }
}
