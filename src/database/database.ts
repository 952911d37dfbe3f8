/** What a statement's `?` may stand for: text and whole numbers exist alike in both dialects. */
export type SqlValue = string | number | null;

export interface DatabaseStats {
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
}

/**
 * The one door to the database. Statements use `?` and the SQL that SQLite, MySQL and MariaDB share (the one upsert
 * asks for the `dialect`); they are prepared once and every wait for them has a deadline.
 *
 * Inside `transaction` each statement of the same asynchronous flow belongs to the unit of work by itself, so no
 * argument has to be handed on, and none can be forgotten. A nested `transaction` joins the outer one.
 *
 * Failures: `DuplicateKeyError` for a unique key, `MissingValueError` for a NULL where none may be, AppError 10010 (503)
 * when the database cannot be reached, is frozen or full; anything else is a mistake in the program.
 *
 * A statement that lost a race and changed nothing is tried again until its deadline, alone or with its transaction.
 */
export abstract class Database {
  abstract readonly dialect: 'sqlite' | 'mysql';

  /** Runs a statement that returns rows. The caller names the row's type; columns are listed, never `*`. */
  abstract query<Row>(sql: string, params?: readonly SqlValue[]): Promise<Row[]>;

  /** Runs a statement that changes rows and answers how many it matched. */
  abstract execute(sql: string, params?: readonly SqlValue[]): Promise<number>;

  /**
   * Runs `work` as one transaction (READ COMMITTED; on SQLite serialised). It must have no effects beside its
   * statements, because a deadlock runs it again in a new transaction.
   */
  abstract transaction<T>(work: () => Promise<T>): Promise<T>;

  /**
   * Runs `effect` once what is done now is certain: after the commit of the current transaction, never after a
   * rollback, and at once outside of one. For what cannot be taken back, such as a log line.
   */
  abstract afterCommit(effect: () => void): void;

  /** Connections by what they do now, and callers that wait for one. */
  abstract stats(): DatabaseStats;

  /** Ends all connections; open work is finished first by the caller. */
  abstract close(): Promise<void>;
}
