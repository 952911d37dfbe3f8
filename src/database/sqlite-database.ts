import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { QueryResult, type QueryRunner } from 'typeorm';
import type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions.js';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import { OpenedFile } from './database-file.js';
import { Database, refuseTransaction } from './database.js';
import type { DatabaseStats, OpenTransaction, Run, SqlValue } from './database.js';
import { DEADLINE, LEAST_WORK } from './deadlines.js';
import { isBusy, unavailable } from './driver-errors.js';

/** One for each caller: TypeORM has one for all. It is not published either (see mysql-database.ts). */
class DatabaseQueryRunner extends BetterSqlite3QueryRunner {
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

  override startTransaction = refuseTransaction;
}

/**
 * SQLite in this process: one connection, one writer. A transaction holds the connection from BEGIN to COMMIT, and
 * everybody else's statements, reads too, wait in a queue; without it they would become part of a stranger's
 * transaction and vanish with its rollback.
 */
export class SqliteDatabase extends Database {
  readonly dialect = 'sqlite';
  declare readonly driver: BetterSqlite3Driver;
  private readonly connection: BetterSqlite3.Database;
  private readonly file: OpenedFile;
  private readonly statements = new Map<string, BetterSqlite3.Statement<unknown[]>>();
  private readonly waiting: Array<() => void> = [];
  private taken = false;

  constructor(options: BetterSqlite3DataSourceOptions) {
    super(options);
    this.connection = openSqlite(options.database);
    this.driver.databaseConnection = this.connection;
    this.file = new OpenedFile(options.database);
  }

  override async destroy(): Promise<void> {
    await this.look().catch(() => undefined);
    this.connection.close();
    Object.assign(this, { isInitialized: false });
  }

  /**
   * Looks whether the file is still in place. Where it is not, what the WAL beside it holds goes into the file that is
   * open. Otherwise SQLite would apply that WAL to the new file at the next start, and damage it.
   */
  async look(): Promise<void> {
    if (this.file.isInPlace()) return;
    await this.take(performance.now() + DEADLINE);
    try {
      this.connection.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      this.release();
    }
  }

  stats(): DatabaseStats {
    const busy = this.taken ? 1 : 0;
    return { busy, idle: 1 - busy, waiting: this.waiting.length };
  }

  protected newRunner(run: Run): QueryRunner {
    return new DatabaseQueryRunner(this.driver, run);
  }

  protected async single(sql: string, values: readonly SqlValue[], deadline: number): Promise<QueryResult> {
    await this.take(deadline);
    try {
      return await untilFree(() => {
        const statement = this.prepared(sql);
        this.assertInPlace(statement.readonly ? this.file.wasInPlace() : this.file.isInPlace());
        return resultOf(statement, values);
      }, deadline);
    } finally {
      this.release();
    }
  }

  protected async begin(deadline: number): Promise<OpenTransaction> {
    await this.take(deadline);
    try {
      this.assertInPlace(this.file.isInPlace());
      this.rollBack();
      await untilFree(() => this.prepared('BEGIN IMMEDIATE').run(), deadline);
    } catch (error) {
      this.release();
      throw error;
    }
    return {
      deadline: Math.max(deadline, performance.now() + LEAST_WORK),
      run: async (sql, values) => resultOf(this.prepared(sql), values),
      commit: async () => {
        this.assertInPlace(this.file.isInPlace());
        // Nobody else can write between BEGIN IMMEDIATE and here, so COMMIT never finds the file busy.
        this.prepared('COMMIT').run();
        this.release();
      },
      rollBack: async () => {
        this.rollBack();
        this.release();
      },
    };
  }

  private assertInPlace(inPlace: boolean): void {
    if (!inPlace) throw unavailable(new Error('the database file was removed or replaced'));
  }

  /** A full or failing disk can make this fail too; SQLite has then often rolled back by itself. */
  private rollBack(): void {
    try {
      if (this.connection.inTransaction) this.prepared('ROLLBACK').run();
    } catch {
      // What counts is the error that led here. The next BEGIN tries again.
    }
  }

  private prepared(sql: string): BetterSqlite3.Statement<unknown[]> {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.connection.prepare(sql);
      // Texts of list queries vary; the rest is fixed. Start over rather than grow.
      if (this.statements.size >= 500) this.statements.clear();
      this.statements.set(sql, statement);
    }
    return statement;
  }

  private take(deadline: number): Promise<void> | undefined {
    if (!this.taken) {
      this.taken = true;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(turn), 1);
        reject(unavailable(new Error('waited too long for the SQLite connection')));
      };
      const timer = setTimeout(giveUp, Math.max(1, deadline - performance.now()));
      this.waiting.push(turn);
    });
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.taken = false;
    else next();
  }
}

/** Opens the file with the durability that an acknowledged write is worth: WAL and a sync at every commit. */
function openSqlite(file: string): BetterSqlite3.Database {
  // No busy time-out: SQLite would wait by blocking the event loop. Whoever finds it busy tries again later.
  const connection = new BetterSqlite3(file, { timeout: 0 });
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  return connection;
}

function resultOf(statement: BetterSqlite3.Statement<unknown[]>, values: readonly SqlValue[]): QueryResult {
  const result = new QueryResult();
  if (statement.reader) {
    result.raw = result.records = statement.all(...values);
  } else {
    const { changes, lastInsertRowid } = statement.run(...values);
    result.affected = changes;
    result.raw = lastInsertRowid;
  }
  return result;
}

async function untilFree<T>(run: () => T, deadline: number): Promise<T> {
  for (;;) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error;
    }
    await sleep(5);
  }
}
