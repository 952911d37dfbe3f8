import { MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import { currentOf, KEY_USES, KeyringError, newKey, withStatus, type Key, type KeyUse } from './key-set.js';
import { changeKeys, readKeys } from './keys-file.js';

/** How long a key is announced before it is used: longer than verifiers cache the JWKS and replicas take to read it. */
const ANNOUNCED_BEFORE_USE: Duration = 10 * MINUTE;

/** The longest life of a sealed challenge, which no row remembers. */
const CHALLENGE_LIFE: Duration = 10 * MINUTE;

/** After a rotation replicas use the old key until they read the file again; their clocks differ a little. */
const RETIREMENT_MARGIN: Duration = 5 * MINUTE;

interface Moment {
  readonly now: Instant;
  /** Whose keys are meant; by default those of every use. */
  readonly uses?: readonly KeyUse[];
}

/**
 * Makes a current key of each use that has none. However many processes start at once, the file gets one of each.
 *
 * @returns the new keys
 * @throws KeyringError when the file cannot be used as it is
 */
export async function ensureCurrentKeys(file: string, { now, uses = KEY_USES }: Moment): Promise<Key[]> {
  let made: Key[] = [];
  const lacking = (keys: readonly Key[]) => uses.filter((use) => currentOf(keys, use) === undefined);
  // Looked at first, so that a file that is complete may also lie where nothing can be written.
  if (lacking(readKeys(file)).length === 0) return made;
  await changeKeys(file, (keys) => {
    made = lacking(keys).map((use) => newKey(use, 'current', now));
    return made.length === 0 ? keys : [...keys, ...made];
  });
  return made;
}

/**
 * Makes the current keys that are missing, or else a next key of each use.
 *
 * @returns the new keys
 */
export async function generateKeys(file: string, { now, uses = KEY_USES }: Moment): Promise<Key[]> {
  const made = await ensureCurrentKeys(file, { now, uses });
  if (made.length > 0) return made;
  const next = uses.map((use) => newKey(use, 'next', now));
  await changeKeys(file, (keys) => [...keys, ...next]);
  return next;
}

export interface RotateOptions extends Moment {
  /** Rotate at once, with a key that verifiers and replicas may not know yet: for a current key that has leaked. */
  readonly force?: boolean;
}

/**
 * Moves the keys one status on: the oldest `next` is used, the `current` one only verifies and opens, and a new `next`
 * is made. All of it, for every use, is one change of the file, so there is no half a rotation.
 *
 * @returns the keys that have a new status
 * @throws KeyringError when no key is announced, or not for long enough, and the rotation is not forced
 */
export async function rotateKeys(file: string, options: RotateOptions): Promise<Key[]> {
  const changed: Key[] = [];
  await changeKeys(file, (keys) => {
    for (const use of options.uses ?? KEY_USES) changed.push(...rotation(file, keys, use, options));
    return [...keys.filter((key) => !changed.some(({ kid }) => kid === key.kid)), ...changed];
  });
  return changed;
}

function rotation(
  file: string,
  keys: readonly Key[],
  use: KeyUse,
  { now, force = false }: RotateOptions,
): Key[] {
  const current = currentOf(keys, use);
  // Keys are ordered by age.
  const announced = keys.find((key) => key.use === use && key.status === 'next');
  const next = announced ?? (force ? newKey(use, 'next', now) : undefined);
  if (next === undefined) {
    throw new KeyringError(
      `There is no next ${use} key in ${file}: generate one, rotate ${minutes(ANNOUNCED_BEFORE_USE)} minutes later.`,
    );
  }
  const wait = next.since + ANNOUNCED_BEFORE_USE - now;
  // Without a current key nothing works anyway, so there is nothing to wait for.
  if (wait > 0 && current !== undefined && !force) {
    throw new KeyringError(
      `The next ${use} key ${next.kid} is announced too short a time for everybody to know it: ` +
        `rotate in ${minutes(wait)} min, or force it if the current key has leaked.`,
    );
  }
  return [
    withStatus(next, 'current', now),
    ...(current === undefined ? [] : [withStatus(current, 'previous', now)]),
    newKey(use, 'next', now),
  ];
}

export interface RetireOptions extends Moment {
  /** Life of an access token: what a key signed last must be able to run out. */
  readonly accessTtl: Duration;
  /** One key instead of all that may go. */
  readonly kid?: string | undefined;
  /** Remove it at once, with the effect that what it signed or sealed is lost: for a key that has leaked. */
  readonly force?: boolean;
  /** What still names a sealing key, in words; empty when nothing does. */
  readonly namedBy?: (kid: string) => Promise<string>;
}

export interface Retirement {
  readonly retired: readonly Key[];
  /** Why other previous keys stay, a sentence each. */
  readonly kept: readonly string[];
}

/**
 * Removes previous keys whose tokens and challenges have all run out and which no row names.
 *
 * @throws KeyringError when the key that is named is not a previous one, or still needed and not forced
 */
export async function retireKeys(file: string, options: RetireOptions): Promise<Retirement> {
  const { kid, uses = KEY_USES, force = false } = options;
  const keys = readKeys(file);
  const named = keys.filter((key) => uses.includes(key.use) && (kid === undefined || key.kid === kid));
  const previous = named.filter(({ status }) => status === 'previous');
  if (kid !== undefined && previous.length === 0) {
    const status = named[0]?.status;
    throw new KeyringError(
      status === undefined
        ? `There is no key ${kid} in ${file}.`
        : `The key ${kid} is ${status}; only a previous key can be retired, so rotate first.`,
    );
  }
  const retired: Key[] = [];
  const kept: string[] = [];
  for (const key of previous) {
    const reason = force ? '' : await whyKept(key, options);
    if (reason === '') retired.push(key);
    else kept.push(reason);
  }
  if (kid !== undefined && kept.length > 0) throw new KeyringError(...kept);
  // Counted before the lock is taken, because nobody seals with a previous key any more.
  const isRetired = (key: Key) => retired.some((one) => one.kid === key.kid);
  if (retired.length > 0) await changeKeys(file, (found) => found.filter((key) => !isRetired(key)));
  return { retired, kept };
}

async function whyKept(
  { kid, use, since }: Key,
  { now, accessTtl, namedBy }: RetireOptions,
): Promise<string> {
  const wait = since + (use === 'sig' ? accessTtl : CHALLENGE_LIFE) + RETIREMENT_MARGIN - now;
  if (wait > 0) {
    const still = use === 'sig' ? 'Access tokens signed' : 'Challenges sealed';
    const end = use === 'sig' ? 'force it to end them now' : 'force it to make them worthless now';
    return `${still} by ${kid} may still be valid: retire it in ${minutes(wait)} min, or ${end}.`;
  }
  const rows = use === 'enc' ? ((await namedBy?.(kid)) ?? '') : '';
  return rows === ''
    ? ''
    : `The key ${kid} is still needed by ${rows}: wait until they are sealed anew or gone, or force it to lose what they hold.`;
}

function minutes(span: Duration): number {
  return Math.ceil(span / MINUTE);
}
