import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import type { Run, SqlValue } from './database.js';

/**
 * TypeORM's runner for SQLite, one for each caller: TypeORM has one for all, so that parallel transactions become one.
 * The class is not published; query-runners.spec.ts notices when a new version differs.
 */
export class DatabaseSqliteQueryRunner extends BetterSqlite3QueryRunner {
  constructor(
    driver: BetterSqlite3Driver,
    private readonly run: Run,
  ) {
    super(driver);
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
