import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { open, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockFile, type FileLock } from '../database/locks.js';
import { makeFolder } from '../platform/folder.js';
import { SECOND, type Duration, type Instant } from '../platform/time/clock.js';
import { KeyringError, parseKeys, serializeKeys, type Key } from './key-set.js';

/** Room for two hundred keys; a larger file is never read. */
const LARGEST = 64 * 1024;
const WORLD_WRITABLE = 0o002;
/** Changing the file takes milliseconds, on a machine that is busy with other things perhaps a second. */
const WAIT_FOR_LOCK: Duration = 30 * SECOND;

export interface KeysText {
  readonly text: string;
  readonly writtenAt: Instant;
}

/**
 * Reads the file of the keys, if there is one. Links are followed, because Kubernetes mounts a Secret as links through
 * `..data`; the mode that counts is the target's.
 *
 * Synchronously, because it is small and read twice a minute, and so nobody can meet half of a change.
 *
 * @throws KeyringError when it cannot be read, is no file of a key set's size, or others could have written it
 */
export function readKeysText(path: string): KeysText | undefined {
  let file: number;
  try {
    // Opening a pipe would otherwise wait for somebody who writes into it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new KeyringError(`The file of the keys ${path} is no regular file.`);
    if (found.size > LARGEST) throw new KeyringError(`The file of the keys ${path} is larger than 64 KiB.`);
    if (found.mode & WORLD_WRITABLE) {
      throw new KeyringError(`Everybody may write to the file of the keys ${path}: chmod o-w it.`);
    }
    // Where everybody may add files, only those of root and of this user are ours.
    if ([path, realpathSync(path)].some(isOpenToAll) && !(isOurs(found.uid) && isOurs(lstatSync(path).uid))) {
      throw new KeyringError(
        `The file of the keys ${path} belongs to another user, in a folder that everybody may write into.`,
      );
    }
    return { text: readFileSync(file, 'utf8'), writtenAt: Math.trunc(found.mtimeMs) };
  } catch (error) {
    throw error instanceof KeyringError ? error : unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

/**
 * The keys of the file, none where there is no file.
 *
 * @throws KeyringError with everything that is wrong with the file
 */
export function readKeys(path: string): Key[] {
  const found = readKeysText(path);
  return found === undefined ? [] : keysIn(path, found);
}

/** @throws KeyringError naming the file and every problem */
export function keysIn(path: string, { text, writtenAt }: KeysText): Key[] {
  try {
    return parseKeys(text, writtenAt);
  } catch (error) {
    if (error instanceof KeyringError) {
      throw new KeyringError(`The file of the keys ${path} cannot be used.`, error.message);
    }
    throw error;
  }
}

/**
 * Changes the keys of the file, which is made with its folder where it is missing. However many commands and starts do
 * so at once, and whenever they are killed, none loses a key of another, and readers find the old keys or the new ones.
 *
 * @param change answers the keys to write; those that it was given, as they are, mean that nothing is to be done
 */
export async function changeKeys(path: string, change: (keys: Key[]) => readonly Key[]): Promise<void> {
  makeFolder(dirname(path));
  // A link to the file stays one.
  const file = await realpath(path).catch(() => path);
  const lock = await takeLock(`${file}.lock`);
  try {
    const before = readKeys(path);
    const after = change(before);
    if (after === before) return;
    const text = serializeKeys(after);
    // A file that could not be read again is never written.
    parseKeys(text, 0);
    await replace(file, text);
  } finally {
    lock.release();
  }
}

/**
 * The lock of a start or command that changes the file: SQLite's on a file beside it, as for the server's lock, because
 * a kill −9 frees it. A file that only exists while somebody works would stay after that, and its age proves nothing.
 */
async function takeLock(file: string): Promise<FileLock> {
  for (const deadline = performance.now() + WAIT_FOR_LOCK; ;) {
    const lock = lockFile(file);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      throw new KeyringError(
        `Another command is changing the keys (it holds ${file}): wait until it has ended.`,
      );
    }
    await sleep(20);
  }
}

/** Writes beside the file, flushes and renames, so that nobody ever reads half a file, even after a power cut. */
async function replace(file: string, text: string): Promise<void> {
  if (text.length > LARGEST) {
    throw new KeyringError(
      `The file of the keys ${file} would become larger than 64 KiB: retire keys first.`,
    );
  }
  const folder = dirname(file);
  // One name for all, since the lock lets one write at a time: what a killed one left goes with the next change.
  const temporary = join(folder, `.${basename(file)}.new`);
  await rm(temporary, { force: true });
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The system's code of a failed file operation, such as `ENOENT`. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function unreadable(path: string, error: unknown): KeyringError {
  return new KeyringError(`The file of the keys ${path} cannot be read: ${codeOf(error) ?? String(error)}.`);
}

/**
 * Whether everybody may write into the folder of the file, as Kubernetes mounts a Secret (`drwxrwxrwt`). They could take our
 * file away then, but the one that they put in its place is theirs.
 */
function isOpenToAll(file: string): boolean {
  return (statSync(dirname(file)).mode & WORLD_WRITABLE) !== 0;
}

function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
