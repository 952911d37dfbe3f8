import BetterSqlite3 from 'better-sqlite3';
import type { DataSourceOptions } from 'typeorm';
import type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions.js';
import type { MysqlDataSourceOptions } from 'typeorm/driver/mysql/MysqlDataSourceOptions.js';
import { migrations, MIGRATIONS_TABLE } from '../../migrations/index.js';
import type { DatabaseConfig, MysqlConfig } from '../config/database.config.js';
import { prepareDatabaseFile } from './database-file.js';
import type { Database } from './database.js';
import { MysqlDatabase } from './mysql-database.js';
import { SqliteDatabase } from './sqlite-database.js';

export type { DatabaseConfig };

/** The one definition of the data source: for the server, for operator commands and for migrations. */
export function dataSourceOptions(
  config: DatabaseConfig,
): MysqlDataSourceOptions | BetterSqlite3DataSourceOptions {
  const common = {
    migrations,
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsRun: false,
    synchronize: false,
    logging: false,
  } as const;
  if (config.kind === 'sqlite') {
    prepareDatabaseFile(config.file);
    return {
      ...common,
      type: 'better-sqlite3',
      database: config.file,
      driver: BetterSqlite3,
      enableWAL: true,
    };
  }
  return {
    ...common,
    type: config.dialect,
    host: config.host,
    port: config.port,
    username: config.user,
    password: config.password,
    database: config.name,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    poolSize: config.poolSize,
    connectTimeout: 5_000,
    ...tlsOptions(config),
  };
}

/** The data source that the service works through. */
export function openDatabase(options?: DataSourceOptions): Database {
  if (options?.type === 'better-sqlite3') return new SqliteDatabase(options);
  if (options?.type === 'mysql' || options?.type === 'mariadb') return new MysqlDatabase(options);
  throw new Error(`There is no database of the type ${options?.type}.`);
}

/** `required` encrypts but accepts any certificate; `verify` also checks it, against `DATABASE_CA` if given. */
function tlsOptions({ tls, ca }: MysqlConfig): { ssl?: { ca?: string; rejectUnauthorized: boolean } } {
  if (tls === 'off') return {};
  return { ssl: { rejectUnauthorized: tls === 'verify', ...(ca === undefined ? {} : { ca }) } };
}
