import { randomBytes, randomUUID } from 'node:crypto';

/** `bytes` random bytes from the operating system as unpadded base64url: 32 bytes are 43 characters. */
export function randomToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** A new id for a row, a session or a token: UUIDv4 in lower case. */
export function newId(): string {
  return randomUUID();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Whether a value has the form of an id: a UUID of any version in the lower case that we issue.
 *
 * Any version, so that an absent id of another maker (the nil UUID, a v7) reads as absent and not as malformed. Lower
 * case only, because ids are compared as text: SQLite would miss `6F0F…` where some MySQL collations find it.
 */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}
