import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { databaseConfig, type DatabaseConfig } from '../config/database.config.js';
import { ListLimiter } from '../platform/http/list-limiter.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { Upkeep } from '../platform/time/upkeep.js';
import { Database } from './database.js';
import { openDatabase } from './open-database.js';
import { SqliteDatabase } from './sqlite-database.js';

/** Statements notice by themselves that the file is gone; this is for a server that nobody asks anything. */
const LOOK_EVERY: Duration = 2 * SECOND;

/** Provides the one door to the database, opened when the process starts and closed as its last act. */
@Global()
@Module({
  providers: [
    { provide: Database, useFactory: openDatabase, inject: [databaseConfig.KEY] },
    { provide: ListLimiter, useFactory: limiterFor, inject: [databaseConfig.KEY] },
  ],
  exports: [Database, ListLimiter],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    @Inject(Database) private readonly database: Database,
    lists: ListLimiter,
    metrics: Metrics,
    upkeep: Upkeep,
  ) {
    if (database instanceof SqliteDatabase) upkeep.every(LOOK_EVERY, 'database file', () => database.look());
    metrics.gauges('database_connections', 'Connections, and callers that wait for one.', 'state', () => ({
      ...database.stats(),
    }));
    const help = 'Lists being read, callers that wait, and refusals since the start.';
    metrics.gauges('lists', help, 'state', () => ({ ...lists.stats() }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
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
