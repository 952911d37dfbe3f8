import { AppError } from '../platform/errors/app-error.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';

/** A unique key already holds the value. `key` is `<table>_<column>`, alike on both dialects. */
export class DuplicateKeyError extends Error {
  constructor(
    readonly key: string,
    cause: unknown,
  ) {
    super(`duplicate key: ${key}`, { cause });
    this.name = 'DuplicateKeyError';
  }
}

/** A statement gave no value where the column must have one, so that nothing of it was done. */
export class MissingValueError extends Error {
  constructor(cause: unknown) {
    super('a column that must have a value was given none', { cause });
    this.name = 'MissingValueError';
  }
}

/** A row names another one that is not there, or not any more. */
export class MissingReferenceError extends Error {
  constructor(cause: unknown) {
    super('a row names another one that is missing', { cause });
    this.name = 'MissingReferenceError';
  }
}

/** What a statement inside has translated already. */
const TRANSLATED = [AppError, DuplicateKeyError, MissingValueError, MissingReferenceError];

/** Codes that say: the database cannot serve now, whoever asks. */
const UNAVAILABLE = new Set(
  (
    'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ' +
    'PROTOCOL_CONNECTION_LOST PROTOCOL_SEQUENCE_TIMEOUT POOL_CLOSED ER_CON_COUNT_ERROR ER_TOO_MANY_USER_CONNECTIONS ' +
    'ER_SERVER_SHUTDOWN ER_NORMAL_SHUTDOWN ER_CONNECTION_KILLED ER_STATEMENT_TIMEOUT ER_QUERY_TIMEOUT ' +
    'ER_QUERY_INTERRUPTED ER_LOCK_WAIT_TIMEOUT ER_LOCK_DEADLOCK ER_DISK_FULL ER_RECORD_FILE_FULL ' +
    'ER_OPTION_PREVENTS_STATEMENT ER_ACCESS_DENIED_ERROR ER_DBACCESS_DENIED_ERROR ER_BAD_DB_ERROR ER_NO_SUCH_TABLE ' +
    // Galera: the node is outside of its cluster; or it lost that while it committed, and nobody knows what became of it.
    'ER_UNKNOWN_COM_ERROR ER_ERROR_DURING_COMMIT'
  ).split(' '),
);
const SQLITE_UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY)/;

/** MariaDB's ER_STATEMENT_TIMEOUT (`max_statement_time` has passed); mysql2 has names for MySQL's errors only. */
const STATEMENT_TIMEOUT = 1969;

function codeOf(error: unknown): string {
  if (error instanceof Error && 'errno' in error && error.errno === STATEMENT_TIMEOUT)
    return 'ER_STATEMENT_TIMEOUT';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The transaction lost a race and changed nothing: run it again, in a new transaction. */
export function isWorthRetrying(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ER_LOCK_DEADLOCK' || code === 'ER_LOCK_WAIT_TIMEOUT' || code === 'ER_CHECKREAD';
}

/** Errors of a server that serves nobody: outside its cluster, read-only since a failover, or shutting down. */
const USELESS_SERVER = new Set([
  'ER_UNKNOWN_COM_ERROR',
  'ER_ERROR_DURING_COMMIT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
]);

/** The connection is broken, or leads where nothing can be had: only a new one may lead to a better server. */
export function breaksConnection(error: Error): boolean {
  return ('fatal' in error && error.fatal === true) || USELESS_SERVER.has(codeOf(error));
}

/** Another process writes at this moment (the CLI beside the server). */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

/** Tells a driver's error apart, once, for everybody above. */
export function translateDriverError(error: unknown): unknown {
  if (!(error instanceof Error) || TRANSLATED.some((type) => error instanceof type)) return error;
  const code = codeOf(error);
  const key = duplicateKey(code, error.message);
  if (key !== undefined) return new DuplicateKeyError(key, error);
  if (code === 'ER_BAD_NULL_ERROR' || code === 'SQLITE_CONSTRAINT_NOTNULL')
    return new MissingValueError(error);
  if (code === 'ER_NO_REFERENCED_ROW_2' || code === 'SQLITE_CONSTRAINT_FOREIGNKEY')
    return new MissingReferenceError(error);
  const connectionLost = 'fatal' in error && error.fatal === true;
  if (UNAVAILABLE.has(code) || connectionLost || SQLITE_UNAVAILABLE.test(code)) return unavailable(error);
  if (code === 'SQLITE_ERROR' && error.message.startsWith('no such table')) return unavailable(error);
  return error;
}

/** AppError 10010, with what happened for the log. */
export function unavailable(cause: unknown): AppError {
  return PlatformErrors.dependencyUnavailable({
    retryAfter: 1,
    cause,
    reason: 'the database is not available',
  });
}

function duplicateKey(code: string, message: string): string | undefined {
  if (code === 'ER_DUP_ENTRY') return /for key '(?:[^']*\.)?([^'.]+)'$/.exec(message)?.[1] ?? 'unknown';
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return /failed: (\w+)\.(\w+)/.exec(message)?.slice(1, 3).join('_') ?? 'unknown';
  }
  return undefined;
}
