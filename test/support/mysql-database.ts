import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';

const PREFIX = 'gatehouse_test_';
const STALE_AFTER_SECONDS = 24 * 60 * 60;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Creates an empty database and returns its URL, whose scheme names the dialect the server really speaks.
 *
 * Its default collation is the wrong one on purpose: `admin`, `admin ` and `ädmin` are equal in it, so that a column
 * that forgets to state its own collation shows up as a failing test.
 */
export async function createMysqlDatabase(serverUrl: string): Promise<string> {
  // The time is in the name, so that databases an interrupted run left behind can be told by their age.
  const created = Math.floor(Date.now() / 1000).toString(16);
  const name = PREFIX + created.padStart(8, '0') + randomBytes(6).toString('hex');
  return withConnection(serverUrl, async (connection) => {
    await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`);
    const [rows] = await connection.query<mysql.RowDataPacket[]>('SELECT VERSION() AS version');
    const url = new URL(serverUrl);
    url.protocol = /mariadb/i.test(String(rows[0]?.['version'])) ? 'mariadb:' : 'mysql:';
    url.pathname = `/${name}`;
    return url.href;
  });
}

/** Drops the database that `createMysqlDatabase` returned the URL of. */
export async function dropMysqlDatabase(databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  if (!name.startsWith(PREFIX)) throw new Error(`${name} is not a test database`);
  await withConnection(databaseUrl, async (connection) => {
    // A transaction left open holds the drop up, by default for up to a day: fail soon, and in the guilty file.
    await connection.query('SET SESSION lock_wait_timeout = 10');
    await connection.query(`DROP DATABASE IF EXISTS ${name}`);
  });
}

/** Drops what interrupted runs left behind; a run that is going on beside this one keeps its databases. */
export async function dropStaleMysqlDatabases(serverUrl: string): Promise<void> {
  await withConnection(serverUrl, async (connection) => {
    const [rows] = await connection.query<mysql.RowDataPacket[]>('SHOW DATABASES');
    const oldest = Date.now() / 1000 - STALE_AFTER_SECONDS;
    for (const row of rows) {
      const name = String(row['Database']);
      const created = /^gatehouse_test_([0-9a-f]{8})[0-9a-f]{12}$/.exec(name)?.[1];
      if (created && parseInt(created, 16) < oldest)
        await connection.query(`DROP DATABASE IF EXISTS ${name}`);
    }
  });
}

/** Runs `work` on a connection to the server, with no database selected. */
export async function withConnection<T>(
  url: string,
  work: (connection: mysql.Connection) => Promise<T>,
): Promise<T> {
  const server = new URL(url);
  server.pathname = '';
  const connection = await mysql.createConnection({ uri: server.href, connectTimeout: CONNECT_TIMEOUT_MS });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}
