import { Buffer } from 'node:buffer';
import { jwtVerify, type CryptoKey } from 'jose';
import { Refused } from './errors.ts';

/** Who calls, by a token that was verified. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  /** The token's end, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** All tokens of Gatehouse are far shorter; a longer one is refused unread. */
const MAX_TOKEN_LENGTH = 4_096;

/** r and s of an ES256 signature are 32 bytes each (RFC 7518, section 3.4). */
const SIGNATURE_LENGTH = 86;

const CREDENTIALS = /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** Clocks of servers differ by so much. */
export const TOLERANCE = 30_000;

/**
 * The token of a request.
 *
 * @param rawHeaders names and values in turn, as Node lists them: elsewhere it has joined or dropped repeated headers
 * @throws {Refused} when there is none, or more than one
 */
export function bearerToken(rawHeaders: readonly string[]): string {
  let found: string | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    // Of two such headers a proxy may have looked at the other one.
    if (found !== undefined) throw new Refused();
    found = rawHeaders[i + 1];
  }
  // Another scheme is no token, as RFC 6750 has it in section 3.1.
  if (found === undefined || !/^bearer\b/i.test(found)) throw new Refused('no_token');
  const token = found.length > MAX_TOKEN_LENGTH + 7 ? undefined : CREDENTIALS.exec(found)?.[1];
  if (token === undefined) throw new Refused();
  return token;
}

/**
 * The key id of a token that has exactly the form in which Gatehouse writes one.
 *
 * JWT libraries accept more: other spellings of the same bytes, further header fields. Each is another text for one
 * signature, or a request to treat the token differently, so none of it is accepted.
 */
export function keyIdOf(token: string): string | undefined {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return undefined;
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || signature.length !== SIGNATURE_LENGTH) return undefined;
  if (![head, body, signature].every(isCanonical)) return undefined;

  const text = Buffer.from(head, 'base64url').toString();
  const header = parsed(text);
  // Written out again it must be this text: a repeated field or a blank would not come back.
  if (!header || JSON.stringify(header) !== text || Object.keys(header).length !== 3) return undefined;
  const { alg, typ, kid } = header;
  return alg === 'ES256' && typ === 'at+jwt' && typeof kid === 'string' ? kid : undefined;
}

export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly now: number;
}

/** @throws {Refused} unless this key signed the token and every claim is what Gatehouse writes */
export async function verifySigned(token: string, key: CryptoKey, expected: Expected): Promise<Principal> {
  const { issuer, audience, now } = expected;
  const options = {
    algorithms: ['ES256'],
    typ: 'at+jwt',
    issuer,
    audience,
    clockTolerance: TOLERANCE / 1_000,
    currentDate: new Date(now),
  };
  const { payload } = await jwtVerify(token, key, options).catch((error: unknown) => {
    throw new Refused('invalid_token', error);
  });
  const { aud, sub, sid, jti, iat, exp } = payload;
  // jose takes an audience among others too.
  const isOurs = aud === audience && isUuid(sub) && isUuid(sid) && typeof jti === 'string' && jti !== '';
  if (!isOurs || !isSeconds(iat) || !isSeconds(exp)) throw new Refused();
  return Object.freeze({ userId: sub, sessionId: sid, expiresAt: exp * 1_000 });
}

/** Whether this is base64url as RFC 7515 writes it: no padding, no foreign character, no stray bits at the end. */
function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

/** The last second that a JavaScript date can show. */
const LAST_SECOND = 8_640_000_000_000;

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= LAST_SECOND;
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
