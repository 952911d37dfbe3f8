import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
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
    { provide: Database, useFactory: (config: Config) => openDatabase(config.database), inject: [Config] },
  ],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    @Inject(Database) private readonly database: Database,
    metrics: Metrics,
    upkeep: Upkeep,
  ) {
    if (database instanceof SqliteDatabase) upkeep.every(LOOK_EVERY, 'database file', () => database.look());
    metrics.gauges('database_connections', 'Connections, and callers that wait for one.', 'state', () => ({
      ...database.stats(),
    }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
