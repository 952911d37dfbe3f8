import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryResult, type QueryRunner } from 'typeorm';
import { DEADLINE, TRANSACTION_DEADLINE, untilWon } from './deadlines.js';
import { isWorthRetrying, translateDriverError, unavailable } from './driver-errors.js';

/** What a statement's `?` may stand for: text and whole numbers exist alike in both dialects. */
export type SqlValue = string | number | null;

export type Run = (sql: string, values: readonly SqlValue[]) => Promise<QueryResult>;

export interface DatabaseStats {
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
}

/** A transaction on a connection that nobody else uses. Both ways to end it give the connection back. */
export interface OpenTransaction {
  /** When it is rolled back at the latest, in the time of `performance.now()`. */
  readonly deadline: number;
  readonly run: Run;
  commit(): Promise<void>;
  rollBack(): Promise<void>;
}

interface UnitOfWork {
  readonly transaction: OpenTransaction;
  readonly effects: Array<() => void>;
  open: boolean;
}

type Work<T> = (manager: EntityManager) => Promise<T>;

/**
 * TypeORM's data source, with three promises that TypeORM does not make: the transaction is ambient
 * (docs/decisions/0003-one-ambient-transaction.md), every wait has a deadline, and what lost a race and changed nothing
 * is tried again until then.
 *
 * Inside `transaction` each statement of the same asynchronous flow belongs to the unit of work, whichever repository,
 * manager or query builder sends it. A nested `transaction` joins the outer one.
 *
 * Failures: `DuplicateKeyError` for a unique key, `MissingValueError` for a NULL where none may be, `dependencyUnavailable`
 * (503) when the database cannot be reached, is frozen or full; anything else is a mistake in the program.
 */
export abstract class Database extends DataSource {
  abstract readonly dialect: 'sqlite' | 'mysql';
  private readonly units = new AsyncLocalStorage<UnitOfWork>();
  private readonly log = new Logger('Database');

  /** Connections by what they do now, and callers that wait for one. */
  abstract stats(): DatabaseStats;

  /** Runs a statement outside of any transaction. */
  protected abstract single(sql: string, values: readonly SqlValue[], deadline: number): Promise<QueryResult>;

  /** Takes a connection and begins a transaction: READ COMMITTED, on SQLite serialised. */
  protected abstract begin(deadline: number): Promise<OpenTransaction>;

  /** TypeORM's runner of the dialect, with `run` in place of its own way to the driver. */
  protected abstract newRunner(run: Run): QueryRunner;

  /**
   * Learns the entities. TypeORM would also connect and ask for the version; the dialects connect when a statement needs
   * it, so that a server can start while its database is away.
   */
  override async initialize(): Promise<this> {
    await this.buildMetadatas();
    // TypeORM reads an inserted row back for the defaults of its columns, and of several rows it gives each entity the
    // values of another one, its id among them (typeorm 1.1, MySQL). Every value comes from the application.
    for (const metadata of this.entityMetadatas) metadata.getInsertionReturningColumns = () => [];
    return Object.assign(this, { isInitialized: true });
  }

  /** What repositories, managers and query builders ask for the connection of each statement. */
  override createQueryRunner(): QueryRunner {
    const runner = this.newRunner((sql, values) => this.run(sql, values));
    const isTransactionActive = this.units.getStore() !== undefined;
    return Object.assign(runner, { manager: this.createEntityManager(runner), isTransactionActive });
  }

  /** A statement by itself, without the runner and the manager that a repository makes for it. */
  override async query<T = unknown[]>(sql: string, values: readonly SqlValue[] = []): Promise<T> {
    return (await this.run(sql, values)).raw;
  }

  /** Runs a statement that changes rows and answers how many it matched. */
  async execute(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return (await this.run(sql, values)).affected ?? 0;
  }

  /**
   * Runs `work` as one transaction. It must have no effects beside its statements, because a deadlock runs it again in a
   * new transaction.
   */
  override async transaction<T>(work: Work<T> | string): Promise<T> {
    if (typeof work === 'string') throw new Error('Every transaction has the same level of isolation.');
    if (this.units.getStore() !== undefined) return work(this.manager);
    return untilWon(TRANSACTION_DEADLINE, (deadline) => this.attempt(work, deadline));
  }

  /**
   * Runs `effect` once what is done now is certain: after the commit of the current transaction, never after a
   * rollback, and at once outside of one. For what cannot be taken back, such as a log line.
   */
  afterCommit(effect: () => void): void {
    const unit = this.units.getStore();
    if (unit?.open) unit.effects.push(effect);
    else this.carryOut(effect);
  }

  private async run(sql: string, values: readonly SqlValue[]): Promise<QueryResult> {
    const unit = this.units.getStore();
    if (unit === undefined) return untilWon(DEADLINE, (deadline) => this.single(sql, values, deadline));
    if (!unit.open) throw new Error('A statement came after its transaction had ended.');
    try {
      return await unit.transaction.run(sql, values);
    } catch (error) {
      // On the raw error `transaction` decides whether to try again.
      throw isWorthRetrying(error) ? error : translateDriverError(error);
    }
  }

  private async attempt<T>(work: Work<T>, deadline: number): Promise<T> {
    const transaction = await this.begin(deadline);
    const unit: UnitOfWork = { transaction, effects: [], open: true };
    let result: T;
    try {
      result = await endsBy(transaction.deadline, this.units.run(unit, work, this.manager));
      unit.open = false;
      await transaction.commit();
    } catch (error) {
      unit.open = false;
      await transaction.rollBack();
      throw error;
    }
    for (const effect of unit.effects) this.carryOut(effect);
    return result;
  }

  /** The change is committed whatever becomes of its effects, so a failure of one must not look like that of the change. */
  private carryOut(effect: () => void): void {
    try {
      effect();
    } catch (error) {
      this.log.error({ err: error }, 'a change was committed, and what should have followed it failed');
    }
  }
}

/** For TypeORM's own ways to begin a transaction: the rest of the flow would not take part in it. */
export async function refuseTransaction(): Promise<void> {
  throw new Error('A transaction is begun by Database.transaction, to which every repository then belongs.');
}

/** Work that never ends would keep its connection from everybody, on SQLite the only one. */
function endsBy<T>(deadline: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(unavailable(new Error('the work of a transaction did not end in time')));
    const timer = setTimeout(giveUp, Math.max(0, deadline - performance.now()));
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
