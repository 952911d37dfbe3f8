import { createHash, type JsonWebKey, type KeyObject } from 'node:crypto';
import { lstat, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { randomToken } from '../platform/crypto/random.js';
import type { Instant } from '../platform/time/clock.js';

/** What a key is for: announced, signing, or only verifying what it signed before. */
export type KeyState = 'next' | 'current' | 'previous';

/** One key file; the name says everything but the key. */
export interface KeyFile {
  readonly kid: string;
  readonly state: KeyState;
  readonly path: string;
  /** When the file was written: for `next` its publication, for `previous` the end of its signing. */
  readonly since: Instant;
}

/** Key files that cannot be used as they are: one sentence for each problem, for the operator. */
export class KeyFilesError extends Error {
  override readonly name = 'KeyFilesError';

  constructor(...problems: readonly string[]) {
    super(problems.join(' '));
  }
}

const NAME = /^(next|current|previous)-([A-Za-z0-9_-]{1,64})\.pem$/;
const WORLD_WRITABLE = 0o002;
const STICKY = 0o1000;
/** Far more than a key with whatever stands around it in a PEM file; a larger file is never read. */
const LARGEST = 64 * 1024;
const ORDER: Record<KeyState, number> = { current: 0, next: 1, previous: 2 };

/**
 * The key files of a folder, one for each key, ordered by state and age; everything else in it is ignored.
 *
 * Links are followed: Kubernetes mounts a Secret as links through `..data`, so the state stands in the link's name and
 * the mode that counts is the target's.
 *
 * @throws KeyFilesError when the folder, or a key file, is missing, unreadable or writable by everybody
 */
export async function listKeys(dir: string): Promise<KeyFile[]> {
  const files: KeyFile[] = [];
  const problems: string[] = [];
  const openToAll = await isOpenToAll(dir);
  for (const name of (await readdir(dir).catch(unreadable(dir))).toSorted()) {
    const match = NAME.exec(name);
    if (match === null) continue;
    const [, state, kid = ''] = match;
    const path = join(dir, name);
    const found = await inspect(path, openToAll);
    if (typeof found === 'string') problems.push(found);
    else files.push({ kid, state: state as KeyState, path, since: found.since });
  }
  const settled = withoutInterruptedRotation(files);
  for (const file of settled) {
    const double = settled.find((other) => other.kid === file.kid && other.path > file.path);
    if (double) {
      problems.push(
        `The key ${file.kid} is both ${file.state} and ${double.state} in ${dir}: remove one of the files.`,
      );
    }
  }
  if (problems.length > 0) throw new KeyFilesError(...problems);
  return settled.toSorted((a, b) => ORDER[a.state] - ORDER[b.state] || a.since - b.since);
}

/**
 * The one signing key of a folder, if it has one.
 *
 * @throws KeyFilesError when it has several
 */
export function theCurrent<T extends Pick<KeyFile, 'kid' | 'state'>>(keys: readonly T[]): T | undefined {
  const [current, ...others] = keys.filter((key) => key.state === 'current');
  if (current && others.length > 0) {
    const kids = [current, ...others].map((key) => key.kid).join(', ');
    throw new KeyFilesError(
      `There is more than one current key (${kids}): only one may sign, so rename the others to previous-<kid>.pem.`,
    );
  }
  return current;
}

/**
 * Whether everybody may add files to the folder, though not replace ours: so Kubernetes mounts a Secret (`drwxrwxrwt`).
 *
 * @throws KeyFilesError when the folder is missing, unreadable, or everybody may replace files in it
 */
export async function isOpenToAll(dir: string): Promise<boolean> {
  const folder = await stat(dir).catch(unreadable(dir));
  if (!folder.isDirectory())
    throw new KeyFilesError(`${dir} is no folder; signing keys are files in a folder.`);
  const openToAll = (folder.mode & WORLD_WRITABLE) !== 0;
  if (openToAll && (folder.mode & STICKY) === 0) {
    throw new KeyFilesError(`Everybody may write into the folder of signing keys ${dir}: chmod o-w it.`);
  }
  return openToAll;
}

function unreadable(dir: string): (error: unknown) => never {
  return (error) => {
    throw new KeyFilesError(`The folder of signing keys ${dir} cannot be read: ${reasonOf(error)}.`);
  };
}

/** @returns when the file was written, or what is wrong with it */
async function inspect(path: string, openToAll: boolean): Promise<string | { since: Instant }> {
  try {
    const file = await stat(path);
    if (!file.isFile()) return `The key file ${path} is no regular file.`;
    if (file.size > LARGEST)
      return `The key file ${path} is larger than 64 KiB, so it holds more than a key: remove it.`;
    if (file.mode & WORLD_WRITABLE) return `Everybody may write to the key file ${path}: chmod o-w it.`;
    // Where anybody may add a file, only those of root and of this user are ours.
    if (openToAll && !(isOurs(file.uid) && isOurs((await lstat(path)).uid))) {
      return `The key file ${path} belongs to another user, in a folder that everybody may write into.`;
    }
    return { since: Math.trunc(file.mtimeMs) };
  } catch (error) {
    return `The key file ${path} cannot be read: ${reasonOf(error)}.`;
  }
}

function isOurs(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/**
 * A rotation first copies the signing key to `previous`, then renames the next one to `current`, then removes the old
 * `current`. With this rule the folder has exactly one signing key after each step, also for a reader in between and
 * after a crash.
 */
function withoutInterruptedRotation(files: readonly KeyFile[]): KeyFile[] {
  const has = (state: KeyState, kid: string) =>
    files.some((file) => file.state === state && file.kid === kid);
  const successor = files.some((file) => file.state === 'current' && !has('previous', file.kid));
  return files.filter((file) => {
    if (file.state === 'current') return !(successor && has('previous', file.kid));
    if (file.state === 'previous') return successor || !has('current', file.kid);
    return true;
  });
}

/** The path of a key's file. */
export function keyPath(dir: string, state: KeyState, kid: string): string {
  return join(dir, `${state}-${kid}.pem`);
}

/**
 * A key's id: the first half of its RFC 7638 thumbprint, in hexadecimal, so that it is a safe file name everywhere and
 * never begins with a hyphen.
 */
export function kidOf(publicKey: KeyObject): string {
  const { crv, kty, x, y }: JsonWebKey = publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('hex').slice(0, 32);
}

/** Writes a private key that only its owner can read. Nobody ever reads half a file, even after a power cut. */
export async function writeKeyFile(path: string, dir: string, pem: string): Promise<void> {
  await withTemporaryFile(dir, pem, (temporary) => rename(temporary, path));
  await syncFolder(dir);
}

/** Writes a complete, flushed file under a name that readers ignore, hands it to `use`, and removes what is left. */
export async function withTemporaryFile(
  dir: string,
  content: string,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const path = join(dir, `.tmp-${randomToken(12)}`);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await use(path);
  } finally {
    await removeFile(path);
  }
}

/** Makes renames and removals in the folder durable. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes a file; one that is already gone is fine. */
export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

/** The system's code of a failed file operation, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return codeOf(error) ?? String(error);
}
