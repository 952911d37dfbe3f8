import { randomUUID } from 'node:crypto';
import BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import { record, textOf, type Answer } from './client.ts';
import { PASSWORD, type Replica } from './replica.ts';

/** Reads and writes the tables beside the program: what a test believes is what stands there. */
export interface Store {
  rows(
    sql: string,
    params?: readonly (string | number | null)[],
  ): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function openMysqlStore(url: string): Promise<Store> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 5_000 });
  return {
    rows: async (sql, params = []) => {
      const [rows] = await connection.query(sql, [...params]);
      return Array.isArray(rows) ? rows.map((row) => record(row)) : [];
    },
    close: () => connection.end(),
  };
}

export function openSqliteStore(file: string): Store {
  const connection = new BetterSqlite3(file, { timeout: 5_000 });
  return {
    rows: async (sql, params = []) => {
      const statement = connection.prepare(sql);
      if (statement.reader) return statement.all(...params).map(record);
      statement.run(...params);
      return [];
    },
    close: async () => void connection.close(),
  };
}

/** Copies the first administrator, password and all: a hash for each person would take the time of the test. */
export async function addPeople(store: Store, count: number): Promise<string[]> {
  const [admin] = await store.rows("SELECT * FROM users WHERE username = 'admin'");
  const [credential] = await store.rows(
    'SELECT hash, updated_at FROM password_credentials WHERE user_id = ?',
    [textOf(admin?.['id'])],
  );
  if (admin === undefined || credential === undefined) throw new Error('there is no first administrator');
  const names: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const username = `person${index}`;
    const person = { ...admin, id: randomUUID(), username, email: null, phone: null, short_id: null };
    await insert(store, 'users', person);
    await insert(store, 'password_credentials', { ...credential, user_id: person.id });
    names.push(username);
  }
  return names;
}

async function insert(store: Store, table: string, row: Readonly<Record<string, unknown>>): Promise<void> {
  const given = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  const values = given.map(([, value]) => (typeof value === 'number' ? value : String(value)));
  const columns = given.map(([name]) => name).join(', ');
  await store.rows(`INSERT INTO ${table} (${columns}) VALUES (${given.map(() => '?').join(', ')})`, values);
}

export interface Session {
  readonly id: string;
  readonly access: string;
  readonly refresh: string;
}

/** The session that an answer to a sign-in opened, or nothing. */
export function sessionOf({ status, data }: Answer): Session | undefined {
  if (status !== 200) return undefined;
  const [id, access, refresh] = ['session_id', 'access_token', 'refresh_token'].map((name) =>
    textOf(data[name]),
  );
  return id && access && refresh ? { id, access, refresh } : undefined;
}

/** What to sign a person in with. */
export function credentials(username: string): { username: string; password: string } {
  return { username, password: PASSWORD };
}

export function signIn(replica: Pick<Replica, 'call'>, username: string): Promise<Answer> {
  return replica.call('POST', '/signin', { body: credentials(username) });
}

/** Signs in, or throws: for what a scenario takes for granted. Overload is waited out. */
export async function mustSignIn(replica: Pick<Replica, 'call'>, username = 'admin'): Promise<Session> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await signIn(replica, username);
    const session = sessionOf(answer);
    if (session !== undefined) return session;
    if (answer.status !== 503 || attempt >= 10)
      throw new Error(`sign-in of ${username}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}
