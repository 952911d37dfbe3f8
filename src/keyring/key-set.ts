import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { sha256Base64url } from '../platform/crypto/digest.js';
import { randomToken } from '../platform/crypto/random.js';
import { isPlainObject } from '../platform/plain-object.js';
import { SECOND, type Instant } from '../platform/time/clock.js';

/** `sig` signs access tokens; `enc` seals, and is what one-time codes are derived with. */
export type KeyUse = 'sig' | 'enc';

/** Announced, in use, or only there for what it signed or sealed before. */
export type KeyStatus = 'next' | 'current' | 'previous';

export const KEY_USES: readonly KeyUse[] = ['sig', 'enc'];

interface Entry {
  readonly kid: string;
  readonly status: KeyStatus;
  /** Since when it has this status. */
  readonly since: Instant;
  /** The members of the file, also those that we do not know. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

interface SigningKey extends Entry {
  readonly use: 'sig';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

interface SealingKey extends Entry {
  readonly use: 'enc';
  readonly secret: KeyObject;
}

export type Key = SigningKey | SealingKey;

/** Keys that cannot be used as they are: one sentence for each problem, for the operator, without key material. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';

  constructor(...problems: readonly string[]) {
    super(problems.join(' '));
  }
}

const KID = /^[A-Za-z0-9_-]{1,64}$/;
const ORDER: Record<KeyStatus, number> = { current: 0, next: 1, previous: 2 };

/** Whether a text can be the id of a key: also the half thumbprints of the key files of earlier versions. */
export function isKid(text: unknown): text is string {
  return typeof text === 'string' && KID.test(text);
}

/**
 * Reads a private JWK set and checks each key. Keys are ordered by status and age.
 *
 * @param writtenAt since when a previous key counts as such where the file does not say it
 * @throws KeyringError naming every problem
 */
export function parseKeys(text: string, writtenAt: Instant): Key[] {
  const problems: string[] = [];
  const keys: Key[] = [];
  for (const [index, jwk] of entriesOf(text).entries()) {
    try {
      const key = toKey(jwk, writtenAt);
      const double = keys.some(({ kid }) => kid === key.kid);
      if (double) problems.push(`Two keys have the id ${key.kid}.`);
      else keys.push(key);
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      problems.push(`Key ${index + 1}${nameOf(jwk)} ${error.message}.`);
    }
  }
  for (const use of KEY_USES) {
    const kids = keys.filter((key) => key.use === use && key.status === 'current').map(({ kid }) => kid);
    if (kids.length > 1) {
      problems.push(
        `There is more than one current ${use} key (${kids.join(', ')}): make all but one previous.`,
      );
    }
  }
  if (problems.length > 0) throw new KeyringError(...problems);
  return inOrder(keys);
}

/** The JWK set as it is written. */
export function serializeKeys(keys: readonly Key[]): string {
  const members = inOrder(keys).map(({ jwk, status, since }) => ({
    ...jwk,
    status,
    status_at: Math.floor(since / SECOND),
  }));
  return `${JSON.stringify({ keys: members }, null, 2)}\n`;
}

/** A key that did not exist before. */
export function newKey(use: KeyUse, status: KeyStatus, now: Instant): Key {
  const key = use === 'sig' ? signingJwk() : { kty: 'oct', k: randomToken(32), kid: randomToken(16) };
  // Such an id would read as an option of `keys retire`.
  if (key.kid.startsWith('-')) return newKey(use, status, now);
  return toKey({ ...key, use, iat: Math.floor(now / SECOND), status }, now);
}

/** A signing key that was made before it came into this file, under the id that its tokens name. */
export function importedKey(pem: KeyObject, kid: string, status: KeyStatus, since: Instant): Key {
  const at = Math.floor(since / SECOND);
  const jwk = { ...pem.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig', iat: at };
  return toKey({ ...jwk, status, status_at: at }, since);
}

/** The key with another status from now on. */
export function withStatus(key: Key, status: KeyStatus, now: Instant): Key {
  return { ...key, status, since: now };
}

export function currentOf(keys: readonly Key[], use: KeyUse): Key | undefined {
  return keys.find((key) => key.use === use && key.status === 'current');
}

function signingJwk() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y, d } = privateKey.export({ format: 'jwk' });
  // RFC 7638: the required members, in this order.
  return { kty, crv, x, y, d, kid: sha256Base64url(JSON.stringify({ crv, kty, x, y })), alg: 'ES256' };
}

function inOrder(keys: readonly Key[]): Key[] {
  const rank = ({ use, status }: Key) => KEY_USES.indexOf(use) * 3 + ORDER[status];
  return keys.toSorted((a, b) => rank(a) - rank(b) || a.since - b.since);
}

function entriesOf(text: string): unknown[] {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new KeyringError('It is no JSON.');
  }
  const keys = isPlainObject(set) ? set['keys'] : undefined;
  if (!Array.isArray(keys)) throw new KeyringError('It is no JWK set: an object with the member "keys".');
  return keys;
}

/** Its message completes "Key 2 …". */
class Unusable extends Error {}

function toKey(jwk: unknown, writtenAt: Instant): Key {
  if (!isPlainObject(jwk)) throw new Unusable('is no object');
  const { kid, use, status, iat, status_at: statusAt } = jwk;
  if (!isKid(kid)) throw new Unusable('has no kid of 1 to 64 letters, digits, - and _');
  if (status !== 'next' && status !== 'current' && status !== 'previous') {
    throw new Unusable('has another status than next, current or previous');
  }
  if (!isSeconds(iat)) throw new Unusable('has no iat, the time when it was made, in seconds since 1970');
  if (statusAt !== undefined && !isSeconds(statusAt)) {
    throw new Unusable('has a status_at that is no time in seconds since 1970');
  }
  const since = (statusAt ?? (status === 'previous' ? Math.floor(writtenAt / SECOND) : iat)) * SECOND;
  const entry: Entry = { kid, status, since, jwk };
  switch (use) {
    case 'sig':
      return { ...entry, use, ...signingPair(jwk) };
    case 'enc':
      return { ...entry, use, secret: sealingSecret(jwk) };
    default:
      throw new Unusable('has another use than sig or enc');
  }
}

function signingPair({ kty, crv, alg, x, y, d }: Readonly<Record<string, unknown>>) {
  if (kty !== 'EC' || crv !== 'P-256') throw new Unusable('is for sig, but no EC key on the curve P-256');
  if (alg !== undefined && alg !== 'ES256') throw new Unusable('is for sig, but its alg is not ES256');
  if (d === undefined) throw new Unusable('is for sig, but has no private half (d)');
  if (!is256Bits(x) || !is256Bits(y) || !is256Bits(d)) {
    throw new Unusable('is for sig, but x, y and d are not 32 bytes in base64url each');
  }
  const jwk: JsonWebKey = { kty, crv, x, y, d };
  try {
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const publicKey = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    // A damaged half can still be a point of the curve. Its tokens would be refused by everybody.
    const probe = Buffer.from('gatehouse');
    if (verify('sha256', probe, publicKey, sign('sha256', probe, privateKey)))
      return { privateKey, publicKey };
  } catch {
    // No point of the curve, or no number in its range.
  }
  throw new Unusable('is for sig, but its private and its public half do not belong together');
}

function sealingSecret({ kty, k }: Readonly<Record<string, unknown>>): KeyObject {
  if (kty !== 'oct') throw new Unusable('is for enc, but no symmetric key (kty oct)');
  if (!is256Bits(k)) throw new Unusable('is for enc, but k is not 32 bytes in base64url');
  return createSecretKey(k, 'base64url');
}

function is256Bits(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.length === 32 && bytes.toString('base64url') === value;
}

/** The last second that a JavaScript date can show. */
const LAST_SECOND = 8_640_000_000_000;

function isSeconds(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LAST_SECOND;
}

function nameOf(jwk: unknown): string {
  return isPlainObject(jwk) && isKid(jwk['kid']) ? ` (${jwk['kid']})` : '';
}
