import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type Pool, type PoolConnection, type PoolOptions } from 'mysql2';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { Database, type DatabaseStats, type SqlValue } from './database.js';
import {
  DEADLINE,
  GRACE,
  LEAST_TIME,
  SERVER_LIMIT,
  TRANSACTION_DEADLINE,
  withDeadline,
} from './deadlines.js';
import { breaksConnection, isWorthRetrying, translateDriverError, unavailable } from './driver-errors.js';

interface UnitOfWork {
  readonly connection: PoolConnection;
  readonly deadline: number;
  open: boolean;
  readonly effects: Array<() => void>;
}

type PoolInternals = Readonly<
  Record<'_allConnections' | '_freeConnections' | '_connectionQueue', { readonly length: number }>
>;

/** Between two attempts of what lost: at random, so that those who collided part. */
const LONGEST_PAUSE: Duration = 100;

/** Every connection speaks in the same terms, whatever the server's defaults are. */
const SESSION_SETTINGS = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  // MySQL would cut what GROUP_CONCAT makes at 1024 bytes.
  "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 1, group_concat_max_len = 1048576," +
    " sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
];

/** What only some servers have a variable for. */
const SETTINGS_OF_SOME = [
  // On a node of a Galera cluster: reads and transactions begin only when the node has applied what any node committed
  // before, or a session ended through one node would live on for a moment on another.
  'SET SESSION wsrep_sync_wait = 1',
  // A statement whose caller was answered ends in the server, too. MariaDB counts seconds, for every statement
  // (mariadb.com/kb/en/aborting-statements); MySQL milliseconds, for a SELECT, and bounds the rest by the wait for locks
  // (dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_max_execution_time).
  `SET SESSION max_statement_time = ${SERVER_LIMIT / SECOND}`,
  `SET SESSION max_execution_time = ${SERVER_LIMIT}`,
];

/** MySQL or MariaDB over a pool of mysql2 connections, with prepared statements kept per connection. */
export class MysqlDatabase extends Database {
  readonly dialect = 'mysql';
  private readonly pool: Pool;
  private readonly connections = new Set<PoolConnection>();
  private readonly current = new AsyncLocalStorage<UnitOfWork>();

  constructor(options: PoolOptions) {
    super();
    this.pool = createPool({
      ...options,
      waitForConnections: true,
      connectTimeout: DEADLINE,
      maxPreparedStatements: 300,
    });
    this.pool.on('connection', (connection) => {
      this.connections.add(connection);
      // mysql2 listens for one error of a connection; without a listener, a second one would end the process.
      for (const event of ['end', 'error'])
        connection.on(event, () => void this.connections.delete(connection));
      for (const sql of SESSION_SETTINGS) connection.query(sql, (error) => error && connection.destroy());
      for (const sql of SETTINGS_OF_SOME) {
        connection.query(sql, (error) => {
          if (error && error.code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') connection.destroy();
        });
      }
    });
  }

  async query<Row>(sql: string, params: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.statement(sql, params)) as Row[];
  }

  async execute(sql: string, params: readonly SqlValue[] = []): Promise<number> {
    const { affectedRows } = (await this.statement(sql, params)) as { affectedRows: number };
    return affectedRows;
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.current.getStore() !== undefined) return work();
    return untilWon(TRANSACTION_DEADLINE, (deadline) => this.attempt(work, deadline));
  }

  afterCommit(effect: () => void): void {
    const unit = this.current.getStore();
    if (unit?.open) unit.effects.push(effect);
    else effect();
  }

  stats(): DatabaseStats {
    // mysql2 counts, but does not publish what it counts.
    const { _allConnections, _freeConnections, _connectionQueue } = this.pool as unknown as PoolInternals;
    const idle = _freeConnections.length;
    return { busy: _allConnections.length - idle, idle, waiting: _connectionQueue.length };
  }

  /** A server that is frozen never says goodbye, so its connections are cut off after a while. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        for (const connection of this.connections) connection.destroy();
        resolve();
      }, GRACE);
      this.pool.end(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private async attempt<T>(work: () => Promise<T>, deadline: number): Promise<T> {
    const connection = await this.acquire(deadline);
    const unit: UnitOfWork = { connection, deadline, open: true, effects: [] };
    let result: T;
    try {
      await send(connection, 'START TRANSACTION', undefined, deadline);
      result = await this.current.run(unit, work);
      await send(connection, 'COMMIT', undefined, deadline);
    } catch (error) {
      unit.open = false;
      await rollBack(connection, deadline);
      throw error;
    }
    unit.open = false;
    connection.release();
    for (const effect of unit.effects) effect();
    return result;
  }

  private async statement(sql: string, params: readonly SqlValue[]): Promise<unknown> {
    const unit = this.current.getStore();
    // Inside a transaction the raw error travels up, because `transaction` decides on it what to retry.
    if (unit !== undefined) {
      if (!unit.open) throw new Error('A statement came after its transaction had ended.');
      return send(unit.connection, sql, params, unit.deadline).catch((error: unknown) => {
        throw isWorthRetrying(error) ? error : translateDriverError(error);
      });
    }
    return untilWon(DEADLINE, (deadline) => this.single(sql, params, deadline));
  }

  /**
   * A statement by itself, which is all that most requests send. `acquire` and `send` in one, because a promise and a timer
   * for each of them cost a twentieth of a renewal.
   */
  private single(sql: string, params: readonly SqlValue[], deadline: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let connection: PoolConnection | undefined;
      let overdue = false;
      const giveUp = () => {
        overdue = true;
        // It stays out of the pool until the server has ended the statement. Were it closed, a new one would take its
        // place, while the server still works on this one.
        if (connection !== undefined) timer = setTimeout(() => connection?.destroy(), GRACE);
        reject(unavailable(new Error('no connection and answer of the database in time')));
      };
      let timer = setTimeout(giveUp, Math.max(1, deadline - performance.now()));
      const finish = (error: Error | null, result?: unknown) => {
        clearTimeout(timer);
        if (error && breaksConnection(error)) connection?.destroy();
        connection?.release();
        if (error) reject(error);
        else resolve(result);
      };
      this.pool.getConnection((failure, given) => {
        if (failure) return overdue ? undefined : finish(failure);
        if (isTooLate(deadline)) return given.release();
        connection = given;
        try {
          given.execute(sql, params as SqlValue[], finish);
        } catch (mistake) {
          // Thrown into the driver, it would end the process.
          finish(mistake as Error);
        }
      });
    });
  }

  private acquire(deadline: number): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let overdue = false;
      const giveUp = () => {
        overdue = true;
        reject(unavailable(new Error('waited too long for a database connection')));
      };
      const timer = setTimeout(giveUp, Math.max(1, deadline - performance.now()));
      this.pool.getConnection((error, connection) => {
        if (overdue) return error ? undefined : connection.release();
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(connection);
      });
    });
  }
}

/** Runs what loses to a transaction of somebody else again, in a new one, until its deadline. */
function untilWon<T>(limit: Duration, attempt: (deadline: number) => Promise<T>): Promise<T> {
  return withDeadline(limit, async (deadline) => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(deadline);
      } catch (error) {
        if (!isWorthRetrying(error) || performance.now() >= deadline) throw translateDriverError(error);
      }
      await sleep(Math.random() * Math.min(10 * attempts, LONGEST_PAUSE));
    }
  });
}

/** Sends a prepared statement; without `params`, plain text, because transaction control has no prepared form. */
function send(
  connection: PoolConnection,
  sql: string,
  params: readonly SqlValue[] | undefined,
  deadline: number,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(unavailable(new Error('the database did not answer in time')));
    if (isTooLate(deadline)) return giveUp();
    const timer = setTimeout(giveUp, deadline - performance.now());
    const done = (error: Error | null, result: unknown) => {
      clearTimeout(timer);
      if (error) {
        if (breaksConnection(error)) connection.destroy();
        reject(error);
      } else resolve(result);
    };
    if (params === undefined) connection.query(sql, done);
    else connection.execute(sql, params as SqlValue[], done);
  });
}

/**
 * Rolls back, and gives the connection to the pool when the server has done it. It does so after what the transaction
 * still runs there; the caller is not kept for longer than its deadline.
 */
function rollBack(connection: PoolConnection, deadline: number): Promise<void> {
  return new Promise((resolve) => {
    const left = Math.max(0, deadline - performance.now());
    const answer = setTimeout(resolve, left);
    const giveUp = setTimeout(() => connection.destroy(), left + GRACE);
    connection.query('ROLLBACK', (error) => {
      clearTimeout(answer);
      clearTimeout(giveUp);
      // Where the connection is gone, the server has rolled back by itself.
      if (error) connection.destroy();
      connection.release();
      resolve();
    });
  });
}

function isTooLate(deadline: number): boolean {
  return deadline - performance.now() < LEAST_TIME;
}
