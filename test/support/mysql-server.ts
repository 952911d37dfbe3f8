import type { TestProject } from 'vitest/node';
import { dropStaleMysqlDatabases, withConnection } from './mysql-database.ts';
import {
  findMariadbPrograms,
  type MariadbPrograms,
  type RunningServer,
  startThrowAwayServer,
} from './throw-away-mariadb.ts';

const LOCAL_SERVER = 'mysql://root@127.0.0.1:3306';

export type MysqlServer =
  | { kind: 'running'; url: string }
  | { kind: 'throw-away'; programs: MariadbPrograms }
  /** There is none, and nobody asked for one: the MySQL lane is left out. */
  | { kind: 'none'; reason: string };

/**
 * Which MySQL or MariaDB server the tests use: the one named by TEST_DATABASE_URL (a path in it is ignored; its user
 * must be allowed to create databases), else one on 127.0.0.1:3306 with root and no password, else one of our own.
 *
 * @throws when TEST_DATABASE_URL is set and does not work: who names a server must not get another one silently.
 */
export async function findMysqlServer(): Promise<MysqlServer> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) {
    const problem = await whyNot(given);
    if (problem) throw new Error(`TEST_DATABASE_URL does not work: ${problem}`);
    return { kind: 'running', url: given };
  }
  const problem = await whyNot(LOCAL_SERVER);
  if (!problem) return { kind: 'running', url: LOCAL_SERVER };

  const programs = findMariadbPrograms();
  if (programs) return { kind: 'throw-away', programs };
  return {
    kind: 'none',
    reason: `no server for root without password on 127.0.0.1:3306 (${problem}), no mariadbd in the PATH; set TEST_DATABASE_URL`,
  };
}

/** The server of `findMysqlServer`, started if it has to be. Whoever opens it closes it. */
export async function openMysqlServer(): Promise<RunningServer> {
  const server = await findMysqlServer();
  switch (server.kind) {
    case 'running':
      return { url: server.url, close: async () => undefined };
    case 'throw-away':
      return startThrowAwayServer(server.programs);
    case 'none':
      throw new Error(`No MySQL server: ${server.reason}`);
  }
}

/** vitest's global setup of the MySQL lane; it runs only when a file of that lane is going to. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openMysqlServer();
  try {
    await dropStaleMysqlDatabases(server.url);
  } catch (error) {
    await server.close();
    throw error;
  }
  project.provide('mysqlServerUrl', server.url);
  return () => server.close();
}

async function whyNot(url: string): Promise<string | undefined> {
  if (!/^(mysql|mariadb):\/\//.test(url)) return 'it must begin with mysql:// or mariadb://';
  try {
    await withConnection(url, (connection) => connection.query('SELECT 1'));
    return undefined;
  } catch (error) {
    // Never the URL itself: it may hold a password, and this text ends in build logs.
    return error instanceof Error ? error.message || error.name : String(error);
  }
}
