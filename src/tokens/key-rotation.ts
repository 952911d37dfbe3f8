import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { link, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../platform/folder.js';
import { MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import {
  codeOf,
  isOpenToAll,
  keyPath,
  kidOf,
  listKeys,
  removeFile,
  syncFolder,
  theCurrent,
  withTemporaryFile,
  writeKeyFile,
  KeyFilesError,
  type KeyFile,
  type KeyState,
} from './key-files.js';

/** How long a key is published before it signs: longer than verifiers cache the JWKS and replicas take to read it. */
const PUBLISHED_BEFORE_SIGNING: Duration = 10 * MINUTE;

/** After a rotation replicas sign with the old key until they read the folder again; their clocks differ a little. */
const RETIREMENT_MARGIN: Duration = 5 * MINUTE;

/** The name of a folder's first key until it is `current`; readers ignore it. */
const FIRST_KEY = '.first-key.pem';

/**
 * Adds a key to the folder, which is made where it is missing.
 *
 * @returns the new key's id
 */
export async function generateKeyFile(dir: string, state: KeyState): Promise<string> {
  makeFolder(dir);
  const { kid, pem } = newKey();
  await writeKeyFile(keyPath(dir, state, kid), dir, pem);
  return kid;
}

/**
 * Makes the first signing key of a folder that has none. However many processes start at once, and whenever they are
 * killed, the folder gets one key.
 *
 * @returns the id of the signing key
 * @throws KeyFilesError when the folder cannot be used as it is
 */
export async function ensureCurrentKey(dir: string): Promise<string> {
  makeFolder(dir);
  const existing = await currentKid(dir);
  if (existing !== undefined) return existing;
  if (await isOpenToAll(dir)) {
    throw new KeyFilesError(
      `Everybody may add files to ${dir}, so no first key is made there: chmod o-w it.`,
    );
  }

  // A link, unlike a rename, fails when its name is taken: one process offers a key, the others take it from there.
  const first = join(dir, FIRST_KEY);
  await withTemporaryFile(dir, newKey().pem, async (offer) => {
    await link(offer, first).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  });
  const pem = await readFile(first, 'utf8').catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined; // another process has just made it current
  });
  if (pem !== undefined) {
    // Asked again, because a current key always appears before the name of the first key becomes free for another.
    if ((await currentKid(dir)) === undefined) {
      await writeKeyFile(keyPath(dir, 'current', kidOf(createPublicKey(pem))), dir, pem);
    }
    await removeFile(first);
  }
  return ensureCurrentKey(dir);
}

export interface RotateOptions {
  readonly now: Instant;
  /** Rotate at once, with a key that verifiers may not know yet: for a signing key that has leaked. */
  readonly force?: boolean;
}

export interface Rotation {
  /** The key that signs from now on. */
  readonly current: string;
  /** The key that signed until now, if there was one. */
  readonly previous?: string;
  /** The key that was made for the next rotation. */
  readonly next: string;
}

/**
 * Moves every key one state on: the oldest `next` signs, the `current` one only verifies, and a new `next` is made.
 * Each step is one rename, and after each step readers find exactly one signing key (see `listKeys`); a rotation that
 * was cut off is completed by the next one.
 *
 * @throws KeyFilesError when no key is announced, or not for long enough, and the rotation is not forced
 */
export async function rotateKeys(dir: string, { now, force = false }: RotateOptions): Promise<Rotation> {
  const keys = await finishInterruptedRotation(dir);
  const current = theCurrent(keys);
  let next = keys.find((key) => key.state === 'next');
  if (!next && force) {
    await generateKeyFile(dir, 'next');
    next = (await listKeys(dir)).find((key) => key.state === 'next');
  }
  if (!next) {
    throw new KeyFilesError(
      `There is no next key in ${dir}: generate one, rotate ${minutes(PUBLISHED_BEFORE_SIGNING)} minutes later.`,
    );
  }
  const wait = next.since + PUBLISHED_BEFORE_SIGNING - now;
  // Without a signing key nothing works anyway, so there is nothing to wait for.
  if (wait > 0 && current && !force) {
    throw new KeyFilesError(
      `The next key ${next.kid} is published too short a time for verifiers to know it: ` +
        `rotate in ${minutes(wait)} min, or force it if the signing key has leaked.`,
    );
  }

  // The copy's date says from when on the old key only verifies.
  if (current)
    await writeKeyFile(keyPath(dir, 'previous', current.kid), dir, await readFile(current.path, 'utf8'));
  await rename(next.path, keyPath(dir, 'current', next.kid));
  await syncFolder(dir);
  if (current) await removeFile(current.path);
  return { current: next.kid, previous: current?.kid, next: await generateKeyFile(dir, 'next') };
}

export interface RetireOptions {
  readonly now: Instant;
  /** Life of an access token: what a key signed last must be able to run out. */
  readonly accessTtl: Duration;
  /** One key instead of all that may go. */
  readonly kid?: string;
  /** Remove it at once, with the effect that its tokens end now: for a key that has leaked. */
  readonly force?: boolean;
}

/**
 * Removes previous keys whose tokens have all run out.
 *
 * @returns the ids of the removed keys
 * @throws KeyFilesError when the key that is named is not a previous one, or still needed and not forced
 */
export async function retireKeys(dir: string, options: RetireOptions): Promise<string[]> {
  const { now, accessTtl, kid, force = false } = options;
  const keys = await finishInterruptedRotation(dir);
  const named = keys.filter((key) => kid === undefined || key.kid === kid);
  const previous = named.filter((key) => key.state === 'previous');
  if (kid !== undefined && previous.length === 0) {
    const state = named[0]?.state;
    throw new KeyFilesError(
      state === undefined
        ? `There is no key ${kid} in ${dir}.`
        : `The key ${kid} is ${state}; only a previous key can be retired, so rotate first.`,
    );
  }
  const waitOf = (key: KeyFile) => key.since + accessTtl + RETIREMENT_MARGIN - now;
  const ripe = previous.filter((key) => force || waitOf(key) <= 0);
  const unripe = previous.find((key) => !ripe.includes(key));
  if (kid !== undefined && unripe) {
    throw new KeyFilesError(
      `Access tokens signed by ${kid} may still be valid: retire it in ${minutes(waitOf(unripe))} min, ` +
        'or force it to end them now.',
    );
  }
  for (const key of ripe) await removeFile(key.path);
  if (ripe.length > 0) await syncFolder(dir);
  return ripe.map((key) => key.kid);
}

/** Takes the last step of a rotation that was cut off, and lists the keys. */
async function finishInterruptedRotation(dir: string): Promise<KeyFile[]> {
  const keys = await listKeys(dir);
  for (const key of keys) if (key.state === 'previous') await removeFile(keyPath(dir, 'current', key.kid));
  return keys;
}

async function currentKid(dir: string): Promise<string | undefined> {
  return theCurrent(await listKeys(dir))?.kid;
}

function newKey(): { kid: string; pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid: kidOf(publicKey), pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function minutes(span: Duration): number {
  return Math.ceil(span / MINUTE);
}
