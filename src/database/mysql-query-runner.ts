import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import type { Run, SqlValue } from './database.js';

/**
 * TypeORM's runner for MySQL without a connection of its own: `Database` knows which one a statement belongs to. TypeORM
 * does not publish the class; query-runners.spec.ts notices when a new version differs.
 */
export class DatabaseMysqlQueryRunner extends MysqlQueryRunner {
  constructor(
    driver: MysqlDriver,
    private readonly run: Run,
  ) {
    super(driver, 'master');
  }

  override async query(sql: string, values: SqlValue[] = [], structured = false) {
    const result = await this.run(sql, values);
    return structured ? result : result.raw;
  }

  override async startTransaction(): Promise<void> {
    throw new Error(
      'A transaction is begun by Database.transaction, to which every repository then belongs.',
    );
  }

  override async release(): Promise<void> {
    // There is nothing to give back.
  }
}
