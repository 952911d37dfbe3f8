import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCRATCH } from './janitor.ts';
import { Mariadb } from './mariadb.ts';
import { addPeople, openMysqlStore, openSqliteStore, type Store } from './people.ts';
import { Replica, type Settings } from './replica.ts';

type Later = (putAway: () => unknown) => void;

let folders = 0;

/** A folder of its own, which goes with this run. */
export function newFolder(): string {
  folders += 1;
  const folder = join(SCRATCH, `data-${folders}`);
  mkdirSync(folder);
  return folder;
}

/** Budgets that a load of some hundred sign-ins a second from one address does not meet. */
export const WIDE_BUDGETS: Settings = {
  SIGNIN_ADDRESS_ATTEMPTS: '1000000',
  SIGNIN_ACCOUNT_ATTEMPTS: '1000000',
  RENEW_ADDRESS_FAILURES: '1000000',
  MAX_SESSIONS_PER_USER: '1000000',
};

export interface Deployment {
  readonly server: Mariadb;
  readonly settings: Settings;
  readonly replicas: readonly [Replica, Replica];
  readonly store: Store;
  readonly names: readonly string[];
}

export interface DeploymentOptions {
  readonly settings?: Settings;
  readonly people?: number;
  /** The port that the replicas reach the database through; the server's own if not given. */
  readonly port?: (server: Mariadb) => Promise<number>;
}

/** Two replicas on one MariaDB of their own, with shared signing keys and some people. */
export async function deploy(later: Later, options: DeploymentOptions = {}): Promise<Deployment> {
  const server = await Mariadb.start();
  later(() => server.kill());
  const url = await server.createDatabase('gatehouse');
  const port = (await options.port?.(server)) ?? server.port;
  const settings = {
    ...WIDE_BUDGETS,
    DATA_DIR: newFolder(),
    DATABASE_URL: `mariadb://root@127.0.0.1:${port}/gatehouse`,
    ...options.settings,
  };
  const first = await Replica.spawn(settings);
  later(() => first.kill());
  const second = await Replica.spawn(settings);
  later(() => second.kill());
  await Promise.all([first.untilReady(), second.untilReady()]);
  const store = await openMysqlStore(url);
  // A server that was killed took the connection with it.
  later(() => store.close().catch(() => undefined));
  const names = await addPeople(store, options.people ?? 8);
  return { server, settings, replicas: [first, second], store, names };
}

/** One process on a SQLite file of its own. */
export async function deploySqlite(later: Later, given: Settings = {}, people = 8) {
  const settings = { ...WIDE_BUDGETS, DATA_DIR: newFolder(), ...given };
  const replica = await Replica.start(settings);
  later(() => replica.kill());
  const store = openSqliteStore(join(String(settings.DATA_DIR), 'gatehouse.sqlite'));
  later(() => store.close());
  const names = await addPeople(store, people);
  return { settings, replica, store, names };
}

export function pick<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
