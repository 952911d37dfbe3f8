import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instant } from '../platform/time/clock.js';
import { ensureCurrentKeys } from './key-rotation.js';
import { currentOf, importedKey, KeyringError, type Key, type KeyStatus } from './key-set.js';
import { changeKeys } from './keys-file.js';

const NAME = /^(next|current|previous)-([A-Za-z0-9_-]{1,64})\.pem$/;
/** Far more than a key with whatever stands around it in a PEM file. */
const LARGEST = 64 * 1024;

/**
 * Takes over the signing keys of earlier versions, which were a folder of PEM files with the status and the id in their
 * names. The ids stay, so tokens that were issued still verify. Current keys that are missing then are made, so that
 * the file is complete.
 *
 * @returns the keys that came into the file
 * @throws KeyringError with every problem; nothing was taken over then
 */
export async function importPemKeys(file: string, folder: string, now: Instant): Promise<Key[]> {
  const imported = await readPemKeys(folder);
  await changeKeys(file, (keys) => {
    if (keys.some(({ use }) => use === 'sig')) {
      throw new KeyringError(
        `${file} has signing keys already, and would have two current ones. Move it away first, if its keys may go.`,
      );
    }
    return [...keys, ...imported];
  });
  return [...imported, ...(await ensureCurrentKeys(file, { now }))];
}

async function readPemKeys(folder: string): Promise<Key[]> {
  const problems: string[] = [];
  const keys: Key[] = [];
  const names = await readdir(folder).catch((error: unknown) => {
    throw new KeyringError(`The folder ${folder} cannot be read: ${reasonOf(error)}.`);
  });
  for (const name of names.toSorted()) {
    const [, status, kid = ''] = NAME.exec(name) ?? [];
    if (status === undefined) continue;
    const path = join(folder, name);
    try {
      const { size, mtimeMs } = await stat(path);
      if (size > LARGEST) throw new Error('it is larger than 64 KiB');
      const pem = privateKey(await readFile(path, 'utf8'));
      keys.push(importedKey(pem, kid, status as KeyStatus, Math.trunc(mtimeMs)));
    } catch (error) {
      problems.push(`The key file ${path} cannot be used: ${reasonOf(error)}.`);
    }
  }
  if (problems.length > 0) throw new KeyringError(...problems);
  const settled = withoutInterruptedRotation(keys);
  if (currentOf(settled, 'sig') === undefined) {
    throw new KeyringError(`There is no current key (current-<kid>.pem) in ${folder}.`);
  }
  return settled;
}

/**
 * A rotation of earlier versions copied the current key to `previous`, renamed the next one to `current` and removed the
 * old `current`. One that was cut off left the old key twice: it is previous if there is another current one.
 */
function withoutInterruptedRotation(keys: readonly Key[]): Key[] {
  const has = (status: KeyStatus, kid: string) =>
    keys.some((key) => key.status === status && key.kid === kid);
  const successor = keys.some((key) => key.status === 'current' && !has('previous', key.kid));
  return keys.filter(({ status, kid }) => {
    if (status === 'current') return !(successor && has('previous', kid));
    if (status === 'previous') return successor || !has('current', kid);
    return true;
  });
}

function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The message of the system may quote the file.
    throw new Error('it holds no unencrypted private key in PEM form');
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
