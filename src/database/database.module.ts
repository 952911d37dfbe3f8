import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../config/config.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { Database } from './database.js';
import { openDatabase } from './open-database.js';

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
  ) {
    metrics.gauges('database_connections', 'Connections, and callers that wait for one.', 'state', () => ({
      ...database.stats(),
    }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
