import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { makeFolder } from '../platform/folder.js';
import { isBusy } from './driver-errors.js';

/**
 * Takes a lock that lasts as long as this process at most: an exclusive transaction on a file of its own. A kill −9
 * frees it, which no PID file can promise, and in containers every PID is 1.
 *
 * @returns a function that frees the lock, or `undefined` when another process holds it
 */
export function lockFile(file: string): (() => void) | undefined {
  makeFolder(dirname(file));
  const connection = new BetterSqlite3(file, { timeout: 0 });
  try {
    connection.pragma('journal_mode = OFF');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return () => connection.close();
}
