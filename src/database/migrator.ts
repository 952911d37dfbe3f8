import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { migrations, MIGRATIONS_TABLE } from '../../migrations/index.js';
import { MINUTE } from '../platform/time/clock.js';
import { prepareDatabaseFile } from './database-file.js';
import type { Database } from './database.js';
import { lockFile } from './locks.js';
import { dataSourceOptions, type DatabaseConfig } from './open-database.js';

export interface MigrationStatus {
  readonly name: string;
  readonly applied: boolean;
}

const LOCK_WAIT = 5 * MINUTE;

/**
 * Applies every migration that is missing, under a lock that all starting replicas share. Returns their names.
 *
 * @param stop ends the wait for the lock; what has begun goes on to its end, because a table altered by half is not
 *   taken back by MySQL
 */
export async function migrateUp(config: DatabaseConfig, stop?: AbortSignal): Promise<string[]> {
  return withSource(config, async (source) => {
    // Most starts find nothing to do, and need not wait for those who have the lock.
    if (isComplete(await appliedMigrations(source))) return [];
    const applied = await underLock(
      source,
      config,
      () => source.runMigrations({ transaction: 'each' }),
      stop,
    );
    return applied.map(({ name }) => name);
  });
}

/** Takes back the newest applied migration; returns its name, or nothing when there was none. */
export async function migrateDown(
  config: DatabaseConfig,
  permit: (name: string, source: DataSource) => Promise<void> = async () => undefined,
): Promise<string | undefined> {
  return withSource(config, (source) =>
    underLock(source, config, async () => {
      const applied = await appliedMigrations(source);
      const newest = applied.at(-1);
      if (newest === undefined) return undefined;
      await permit(newest, source);
      await source.undoLastMigration({ transaction: 'each' });
      return newest;
    }),
  );
}

/** Every migration of this build, and whether the database has it. */
export async function migrationStatus(config: DatabaseConfig): Promise<MigrationStatus[]> {
  const applied = new Set(await withSource(config, appliedMigrations));
  return migrations.map(({ name }) => ({ name, applied: applied.has(name) }));
}

/** True when the schema is at least what this build needs; a newer one is fine, so that a release can be taken back. */
export async function schemaIsReady(database: Database): Promise<boolean> {
  const rows = await database.query<Array<{ name: string }>>(`SELECT name FROM ${MIGRATIONS_TABLE}`);
  return isComplete(rows.map(({ name }) => name));
}

function isComplete(applied: readonly string[]): boolean {
  return migrations.every(({ name }) => applied.includes(name));
}

/** Migrations run on TypeORM's own data source: a change of a large table takes longer than any deadline of a request. */
async function withSource<T>(config: DatabaseConfig, work: (source: DataSource) => Promise<T>): Promise<T> {
  const options = dataSourceOptions(config);
  // On a server one connection holds the lock while the other works.
  const source = new DataSource(options.type === 'better-sqlite3' ? options : { ...options, poolSize: 2 });
  await source.initialize();
  try {
    return await work(source);
  } finally {
    await source.destroy();
  }
}

async function appliedMigrations(source: DataSource): Promise<string[]> {
  const queryRunner = source.createQueryRunner();
  try {
    if (!(await queryRunner.hasTable(MIGRATIONS_TABLE))) return [];
    const rows: Array<{ name: string }> = await queryRunner.query(
      `SELECT name FROM ${MIGRATIONS_TABLE} ORDER BY id`,
    );
    return rows.map(({ name }) => name);
  } finally {
    await queryRunner.release();
  }
}

/** TypeORM takes no lock of its own: of two starters, one would die of the other's half-made tables. */
async function underLock<T>(
  source: DataSource,
  config: DatabaseConfig,
  work: () => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  if (config.kind === 'sqlite') {
    const file = `${prepareDatabaseFile(config.file)}.migrate`;
    const lock = await waitFor(async () => lockFile(file), file, stop);
    try {
      return await work();
    } finally {
      lock.release();
    }
  }
  const queryRunner = source.createQueryRunner();
  const name = lockName(config.name);
  try {
    await waitFor(
      async () => {
        const [row] = await queryRunner.query('SELECT GET_LOCK(?, 1) AS taken', [name]);
        return Number(row.taken) === 1 || undefined;
      },
      config.name,
      stop,
    );
    return await work();
  } finally {
    // Locks of GET_LOCK end with their connection at the latest.
    await queryRunner.query('SELECT RELEASE_LOCK(?)', [name]).catch(() => undefined);
    await queryRunner.release();
  }
}

/** Tries until it has the lock, now and then looking whether the process is asked to end. */
async function waitFor<T>(take: () => Promise<T | undefined>, what: string, stop?: AbortSignal): Promise<T> {
  const deadline = performance.now() + LOCK_WAIT;
  while (performance.now() < deadline) {
    const lock = await take();
    if (lock !== undefined) return lock;
    stop?.throwIfAborted();
    await sleep(50);
  }
  throw new Error(
    `another process has been migrating for ${LOCK_WAIT / MINUTE} minutes; look what holds ${what}`,
  );
}

/**
 * GET_LOCK names hold for the whole server and have at most 64 characters
 * (dev.mysql.com/doc/refman/8.4/en/locking-functions.html).
 */
function lockName(database: string): string {
  return `gatehouse:${database}`.slice(0, 64);
}
