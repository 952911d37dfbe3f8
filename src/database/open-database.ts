import { existsSync, closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { PoolOptions } from 'mysql2';
import { DataSource, type EntitySchema } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import type { Config } from '../config/config.js';
import { makeFolder } from '../platform/folder.js';
import { Database } from './database.js';
import { MysqlDatabase } from './mysql-database.js';
import { SqliteDatabase } from './sqlite-database.js';

export type DatabaseConfig = Config['database'];
type MysqlConfig = Extract<DatabaseConfig, { kind: 'mysql' }>;

export const MIGRATIONS_TABLE = 'schema_migrations';

/** Opens the door that the service works through. */
export function openDatabase(config: DatabaseConfig): Database {
  if (config.kind === 'mysql') {
    return new MysqlDatabase({ ...connectionOptions(config), connectionLimit: config.poolSize });
  }
  createPrivateFile(config.file);
  return new SqliteDatabase(config.file);
}

/**
 * TypeORM's connection, for what it does best: migrations and the comparison of schema and entities. Requests never
 * use it (docs/decisions/0002-statements-not-entity-manager.md).
 */
export function createDataSource(
  config: DatabaseConfig,
  entities: ReadonlyArray<(new () => object) | EntitySchema> = [],
): DataSource {
  const common = {
    entities: [...entities],
    migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    synchronize: false,
    logging: false,
  };
  if (config.kind === 'mysql') {
    const { host, port, user, password, database, ssl } = connectionOptions(config);
    return new DataSource({
      ...common,
      type: config.dialect,
      host,
      port,
      username: user,
      password,
      database,
      ...(ssl === undefined ? {} : { ssl }),
      charset: 'utf8mb4_bin',
      timezone: 'Z',
      poolSize: 2,
      connectTimeout: 5_000,
    });
  }
  createPrivateFile(config.file);
  return new DataSource({
    ...common,
    type: 'better-sqlite3',
    database: config.file,
    driver: BetterSqlite3,
    enableWAL: true,
  });
}

function connectionOptions(config: MysqlConfig) {
  return {
    host: config.host,
    port: config.port,
    user: config.user,
    password: config.password,
    database: config.name,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    ...tlsOptions(config),
  } satisfies PoolOptions;
}

/** `required` encrypts but accepts any certificate; `verify` also checks it, against `DATABASE_CA` if given. */
function tlsOptions({ tls, ca }: MysqlConfig): { ssl?: { ca?: string; rejectUnauthorized: boolean } } {
  if (tls === 'off') return {};
  return { ssl: { rejectUnauthorized: tls === 'verify', ...(ca === undefined ? {} : { ca }) } };
}

/** SQLite would create the file readable for everybody; its WAL files take over the mode of the file. */
function createPrivateFile(file: string): void {
  makeFolder(dirname(file));
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}
