import BetterSqlite3 from 'better-sqlite3';
import { identityOf, isAt, makePrivateFile } from './database-file.js';
import { isBusy } from './driver-errors.js';

/** A lock that this process holds, for as long as it lives or until it is released. */
export interface FileLock {
  /** False when the file was removed or replaced: another process can then lock the file that has its name now. */
  isInPlace(): boolean;
  release(): void;
}

/**
 * Takes a lock that lasts as long as this process at most: an exclusive transaction on a file of its own. A kill −9
 * frees it, which no PID file can promise, and in containers every PID is 1.
 *
 * @returns nothing when another process holds it
 */
export function lockFile(file: string): FileLock | undefined {
  makePrivateFile(file);
  const connection = new BetterSqlite3(file, { timeout: 0 });
  try {
    connection.pragma('journal_mode = OFF');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  const identity = identityOf(file);
  return { isInPlace: () => isAt(file, identity), release: () => connection.close() };
}
