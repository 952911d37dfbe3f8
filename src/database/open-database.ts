import type { PoolOptions } from 'mysql2';
import type { DatabaseConfig, MysqlConfig } from '../config/database.config.js';
import { prepareDatabaseFile } from './database-file.js';
import { Database } from './database.js';
import { MysqlDatabase } from './mysql-database.js';
import { SqliteDatabase } from './sqlite-database.js';

export type { DatabaseConfig };

/** Opens the door that the service works through. */
export function openDatabase(config: DatabaseConfig): Database {
  if (config.kind === 'mysql') {
    return new MysqlDatabase({ ...connectionOptions(config), connectionLimit: config.poolSize });
  }
  prepareDatabaseFile(config.file);
  return new SqliteDatabase(config.file);
}

export function connectionOptions(config: MysqlConfig) {
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
