import { createPool, type Pool, type PoolConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2';
import { QueryResult, type QueryRunner } from 'typeorm';
import type { MysqlDataSourceOptions } from 'typeorm/driver/mysql/MysqlDataSourceOptions.js';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import { SECOND } from '../platform/time/clock.js';
import { Database, refuseTransaction } from './database.js';
import type { DatabaseStats, OpenTransaction, Run, SqlValue } from './database.js';
import { DEADLINE, GRACE, LEAST_TIME, SERVER_LIMIT } from './deadlines.js';
import { breaksConnection, unavailable } from './driver-errors.js';

type Answer = RowDataPacket[] | ResultSetHeader;

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

/**
 * TypeORM's runner without a connection of its own: `Database` knows which one a statement belongs to. TypeORM does not
 * publish the class; query-runners.spec.ts notices when a new version differs.
 */
class DatabaseQueryRunner extends MysqlQueryRunner {
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

  override startTransaction = refuseTransaction;
}

/**
 * MySQL or MariaDB over a pool of mysql2 connections, with prepared statements kept per connection. Whole numbers must
 * reach the server as integers: older versions of mysql2 sent them as DOUBLE, which MySQL 8 refuses for a LIMIT
 * (github.com/sidorares/node-mysql2/issues/1239).
 */
export class MysqlDatabase extends Database {
  readonly dialect = 'mysql';
  declare readonly driver: MysqlDriver;
  private readonly pool: Pool;
  private readonly connections = new Set<PoolConnection>();
  private busy = 0;
  private waiting = 0;

  constructor(options: MysqlDataSourceOptions) {
    super(options);
    const { host, port, username: user, password, database, ssl, charset, timezone, poolSize } = options;
    this.pool = createPool({
      host,
      port,
      user,
      password,
      database,
      ssl,
      charset,
      timezone,
      connectionLimit: poolSize,
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

  /** A server that is frozen never says goodbye, so its connections are cut off after a while. */
  override async destroy(): Promise<void> {
    Object.assign(this, { isInitialized: false });
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

  stats(): DatabaseStats {
    const { busy, waiting } = this;
    return { busy, idle: Math.max(0, this.connections.size - busy), waiting };
  }

  protected newRunner(run: Run): QueryRunner {
    return new DatabaseQueryRunner(this.driver, run);
  }

  /**
   * A statement by itself, which is all that most requests send. `acquire` and `send` in one, because a promise and a timer
   * for each of them cost a twentieth of a renewal.
   */
  protected single(sql: string, values: readonly SqlValue[], deadline: number): Promise<QueryResult> {
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
      const finish = (error: Error | null, result: Answer = []) => {
        clearTimeout(timer);
        if (error && breaksConnection(error)) connection?.destroy();
        if (connection) this.release(connection);
        if (error) reject(error);
        else resolve(resultOf(result));
      };
      this.connect((failure, given) => {
        if (failure) return overdue ? undefined : finish(failure);
        if (isTooLate(deadline)) return this.release(given);
        connection = given;
        try {
          given.execute<Answer>(sql, [...values], finish);
        } catch (mistake) {
          // Thrown into the driver, it would end the process.
          finish(mistake as Error);
        }
      });
    });
  }

  protected async begin(deadline: number): Promise<OpenTransaction> {
    const connection = await this.acquire(deadline);
    const rollBack = () => this.rollBack(connection, deadline);
    try {
      await send(connection, 'START TRANSACTION', undefined, deadline);
    } catch (error) {
      await rollBack();
      throw error;
    }
    return {
      deadline,
      run: async (sql, values) => resultOf(await send(connection, sql, values, deadline)),
      commit: async () => {
        await send(connection, 'COMMIT', undefined, deadline);
        this.release(connection);
      },
      rollBack,
    };
  }

  private acquire(deadline: number): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      let overdue = false;
      const giveUp = () => {
        overdue = true;
        reject(unavailable(new Error('waited too long for a database connection')));
      };
      const timer = setTimeout(giveUp, Math.max(1, deadline - performance.now()));
      this.connect((error, connection) => {
        if (overdue) return error ? undefined : this.release(connection);
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(connection);
      });
    });
  }

  private connect(done: (error: Error | null, connection: PoolConnection) => void): void {
    this.waiting += 1;
    this.pool.getConnection((error, connection) => {
      this.waiting -= 1;
      if (!error) this.busy += 1;
      done(error, connection);
    });
  }

  private release(connection: PoolConnection): void {
    this.busy -= 1;
    connection.release();
  }

  /**
   * Rolls back, and gives the connection to the pool when the server has done it. It does so after what the transaction
   * still runs there; the caller is not kept for longer than its deadline.
   */
  private rollBack(connection: PoolConnection, deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const left = Math.max(0, deadline - performance.now());
      const answer = setTimeout(resolve, left);
      const giveUp = setTimeout(() => connection.destroy(), left + GRACE);
      connection.query('ROLLBACK', (error) => {
        clearTimeout(answer);
        clearTimeout(giveUp);
        // Where the connection is gone, the server has rolled back by itself.
        if (error) connection.destroy();
        this.release(connection);
        resolve();
      });
    });
  }
}

/** Sends a prepared statement; without `values`, plain text, because transaction control has no prepared form. */
function send(
  connection: PoolConnection,
  sql: string,
  values: readonly SqlValue[] | undefined,
  deadline: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(unavailable(new Error('the database did not answer in time')));
    if (isTooLate(deadline)) return giveUp();
    const timer = setTimeout(giveUp, deadline - performance.now());
    const done = (error: Error | null, result: Answer) => {
      clearTimeout(timer);
      if (error) {
        if (breaksConnection(error)) connection.destroy();
        reject(error);
      } else resolve(result);
    };
    if (values === undefined) connection.query<Answer>(sql, done);
    else connection.execute<Answer>(sql, [...values], done);
  });
}

function resultOf(answer: Answer): QueryResult {
  const result = new QueryResult();
  result.raw = answer;
  if (Array.isArray(answer)) result.records = answer;
  else result.affected = answer.affectedRows;
  return result;
}

function isTooLate(deadline: number): boolean {
  return deadline - performance.now() < LEAST_TIME;
}
