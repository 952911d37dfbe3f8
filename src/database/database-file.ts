import { closeSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';
import { makeFolder } from '../platform/folder.js';
import type { Duration } from '../platform/time/clock.js';

/**
 * Makes the database file where it is missing, readable for its owner only: SQLite would create it readable for
 * everybody, and its WAL files take over the mode of the file.
 *
 * @returns its real path, also for whoever comes through a link
 * @throws Error with one sentence when it cannot be a database file
 */
export function prepareDatabaseFile(file: string): string {
  makeFolder(dirname(file));
  makePrivateFile(file);
  const { nlink } = statSync(file);
  if (nlink > 1) {
    throw new Error(
      `DATA_DIR: ${file} has ${nlink} names (hard links). SQLite keeps a log beside each name, so two programs would ` +
        `destroy each other's changes. Remove the other names ("find / -samefile ${file}" lists them), or set ` +
        'another DATA_DIR.',
    );
  }
  const real = realpathSync(file);
  for (const log of [`${real}-wal`, `${real}-shm`]) refuseIrregular(log);
  return real;
}

/**
 * Makes a file where it is missing. Call it before SQLite opens the file: closing it here later would free the locks
 * that this process holds on it.
 *
 * @throws Error with one sentence when something else has its name, which SQLite might wait for without an end
 */
export function makePrivateFile(file: string): void {
  if (!refuseIrregular(file)) closeSync(openSync(file, 'a', 0o600));
}

/** Answers whether there is a file at all. */
function refuseIrregular(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile())
    throw new Error(`DATA_DIR: ${file} is no regular file. Move it away, or set another DATA_DIR.`);
  return found !== undefined;
}

/** What tells a file from every other that ever has its name; nothing when there is none. */
export function identityOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev.toString(16)}-${found.ino.toString(16)}`;
}

/** Whether this is still what has the name. Where the system does not say, SQLite meets by itself whatever is wrong. */
export function isAt(file: string, identity: string | undefined): boolean {
  try {
    return identityOf(file) === identity;
  } catch {
    return true;
  }
}

/** How old the answer may be for a statement that only reads, and so can lose nothing. */
const READ_LOOKS_EVERY: Duration = 100;

/**
 * The database file that this process has open, and whether it is still the one that the next start would open. What
 * is written into a file that was removed or replaced is lost with the process, and nothing else would tell.
 */
export class OpenedFile {
  private readonly logger = new Logger('Database');
  private readonly identity: string | undefined;
  private inPlace = true;
  private lookedAt = -Infinity;

  /** Once SQLite has opened it: on a container's layered file system, a file of the image becomes another by that. */
  constructor(private readonly file: string) {
    this.identity = identityOf(file);
  }

  /** What was found last, looked at again where that is older than `READ_LOOKS_EVERY`: a look costs some microseconds. */
  wasInPlace(): boolean {
    return performance.now() - this.lookedAt < READ_LOOKS_EVERY ? this.inPlace : this.isInPlace();
  }

  /** Looks again; tells the operator when the answer has changed. */
  isInPlace(): boolean {
    this.lookedAt = performance.now();
    const inPlace = isAt(this.file, this.identity);
    if (inPlace !== this.inPlace) {
      this.inPlace = inPlace;
      if (inPlace) this.logger.warn(`The database file ${this.file} is back and in use again.`);
      else
        this.logger.error(
          `The database file ${this.file} was removed or replaced under the running server. Every request that needs ` +
            'it is answered 503, because what is written now would be lost. Move the old file back, or restart the ' +
            'server to use what is there now.',
        );
    }
    return inPlace;
  }
}
