import { Global, Inject, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { databaseConfig, type DatabaseConfig } from '../config/database.config.js';
import { ListLimiter } from '../platform/http/list-limiter.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { Database } from './database.js';
import { dataSourceOptions, openDatabase } from './open-database.js';
import { SqliteDatabase } from './sqlite-database.js';

/** Statements notice by themselves that the file is gone; this is for a server that nobody asks anything. */
const LOOK_EVERY: Duration = 2 * SECOND;

/**
 * The connection to the database, opened when the process starts and closed as its last act. `Database` and TypeORM's
 * `DataSource` are one object. Each module names its entities by `TypeOrmModule.forFeature`.
 */
@Global()
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [databaseConfig.KEY],
      useFactory: (config: DatabaseConfig) => ({
        ...dataSourceOptions(config),
        autoLoadEntities: true,
        // What fails here is a wrong setting, which waiting does not mend.
        toRetry: () => false,
      }),
      dataSourceFactory: async (options) => openDatabase(options),
    }),
  ],
  providers: [
    { provide: Database, useExisting: DataSource },
    { provide: ListLimiter, useFactory: limiterFor, inject: [databaseConfig.KEY] },
  ],
  exports: [Database, ListLimiter],
})
export class DatabaseModule {
  constructor(
    @Inject(Database) database: Database,
    lists: ListLimiter,
    metrics: Metrics,
    periodic: Periodic,
  ) {
    if (database instanceof SqliteDatabase)
      periodic.every(LOOK_EVERY, 'database file', () => database.look());
    metrics.gauges('database_connections', 'Connections, and callers that wait for one.', 'state', () => ({
      ...database.stats(),
    }));
    const help = 'Lists being read, callers that wait, and refusals since the start.';
    metrics.gauges('lists', help, 'state', () => ({ ...lists.stats() }));
  }
}

/** As many as get a place in time where a list takes some milliseconds. */
const MOST_WAITING = 200;

/** With the time that the database may take, an answer still comes within 3 s. */
const LONGEST_WAIT: Duration = 750;

/** Three connections of four stay free for calls that are no lists; on SQLite there is one for everybody. */
function limiterFor(database: DatabaseConfig): ListLimiter {
  const atOnce = database.kind === 'mysql' ? Math.max(1, Math.floor(database.poolSize / 4)) : 1;
  return new ListLimiter({ atOnce, maxWaiting: MOST_WAITING, maxWait: LONGEST_WAIT });
}
