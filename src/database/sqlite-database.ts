import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { OpenedFile } from './database-file.js';
import { Database, type DatabaseStats, type SqlValue } from './database.js';
import { DEADLINE, TRANSACTION_DEADLINE, withDeadline } from './deadlines.js';
import { isBusy, translateDriverError, unavailable } from './driver-errors.js';

interface UnitOfWork {
  open: boolean;
  readonly effects: Array<() => void>;
}

/**
 * SQLite in this process: one connection, one writer. A unit of work holds the connection from BEGIN to COMMIT, and
 * everybody else's statements, reads too, wait in a queue; without it they would become part of a stranger's
 * transaction and vanish with its rollback.
 */
export class SqliteDatabase extends Database {
  readonly dialect = 'sqlite';
  private readonly file: OpenedFile;
  private readonly connection: BetterSqlite3.Database;
  private readonly statements = new Map<string, BetterSqlite3.Statement>();
  private readonly current = new AsyncLocalStorage<UnitOfWork>();
  private readonly waiting: Array<() => void> = [];
  private taken = false;

  constructor(file: string) {
    super();
    this.connection = openSqlite(file);
    this.file = new OpenedFile(file);
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

  async query<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return this.statement((statement) => statement.all(...params) as Row[], sql, 'read');
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    return this.statement((statement) => statement.run(...params).changes, sql, 'write');
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.current.getStore() !== undefined) return work();
    return withDeadline(TRANSACTION_DEADLINE, (deadline) => this.alone(work, deadline));
  }

  afterCommit(effect: () => void): void {
    const unit = this.current.getStore();
    if (unit?.open) unit.effects.push(effect);
    else effect();
  }

  stats(): DatabaseStats {
    const busy = this.taken ? 1 : 0;
    return { busy, idle: 1 - busy, waiting: this.waiting.length };
  }

  async close(): Promise<void> {
    await this.look().catch(() => undefined);
    this.connection.close();
  }

  /** Runs `work` from BEGIN to COMMIT while nobody else has the connection. */
  private async alone<T>(work: () => Promise<T>, deadline: number): Promise<T> {
    await this.take(deadline);
    const unit: UnitOfWork = { open: true, effects: [] };
    try {
      this.assertInPlace(this.file.isInPlace());
      this.rollBack();
      await untilFree(() => this.prepared('BEGIN IMMEDIATE').run(), deadline);
      const result = await this.current.run(unit, work);
      this.assertInPlace(this.file.isInPlace());
      // Nobody else can write between BEGIN IMMEDIATE and here, so COMMIT never finds the file busy.
      this.prepared('COMMIT').run();
      for (const effect of unit.effects) effect();
      return result;
    } catch (error) {
      this.rollBack();
      throw translateDriverError(error);
    } finally {
      unit.open = false;
      this.release();
    }
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

  private async statement<T>(
    run: (statement: BetterSqlite3.Statement) => T,
    sql: string,
    kind: 'read' | 'write',
  ): Promise<T> {
    const unit = this.current.getStore();
    try {
      if (unit !== undefined) {
        if (!unit.open) throw new Error('A statement came after its transaction had ended.');
        return run(this.prepared(sql));
      }
      return await withDeadline(DEADLINE, async (deadline) => {
        await this.take(deadline);
        try {
          this.assertInPlace(kind === 'read' ? this.file.wasInPlace() : this.file.isInPlace());
          return await untilFree(() => run(this.prepared(sql)), deadline);
        } finally {
          this.release();
        }
      });
    } catch (error) {
      throw translateDriverError(error);
    }
  }

  private prepared(sql: string): BetterSqlite3.Statement {
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
