import BetterSqlite3 from 'better-sqlite3';
import { DataSource, type EntitySchema } from 'typeorm';
import { migrations, MIGRATIONS_TABLE } from '../../migrations/index.js';
import { prepareDatabaseFile } from './database-file.js';
import { connectionOptions, type DatabaseConfig } from './open-database.js';

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
  prepareDatabaseFile(config.file);
  return new DataSource({
    ...common,
    type: 'better-sqlite3',
    database: config.file,
    driver: BetterSqlite3,
    enableWAL: true,
  });
}
