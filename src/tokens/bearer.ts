import { looksLikeKey } from './key-tokens.js';

/** All our tokens are far shorter; a longer one is refused unread. */
const MAX_TOKEN_LENGTH = 4_096;

const AUTHORIZATION = /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i;

/**
 * The compact JWS of an `Authorization` header: `Bearer` in any case, a blank, one token (RFC 6750, section 2.1).
 * The RFC allows several blanks; no client writes them, so one is enough.
 *
 * @returns undefined for everything else
 */
export function bearerToken(authorization: string | undefined): string | undefined {
  const token = AUTHORIZATION.exec(authorization ?? '')?.[1];
  return token !== undefined && token.length <= MAX_TOKEN_LENGTH ? token : undefined;
}

/**
 * The key of an `Authorization` header.
 *
 * @returns undefined for everything that does not look like one
 */
export function bearerKey(authorization = ''): string | undefined {
  const [, token = ''] = /^bearer (\S+)$/i.exec(authorization) ?? [];
  return looksLikeKey(token) ? token : undefined;
}

/** An ES256 signature is r and s of 32 bytes each (RFC 7518, section 3.4), which is 86 characters. */
const SIGNATURE_LENGTH = 86;

/**
 * The key id in the header of one of our access tokens, before anything is verified.
 *
 * The JWT libraries accept much more than we write. They skip padding and foreign characters in base64url, so that an
 * altered text still verifies, and they ignore `typ` and `crit`. So the text must have the form in which we write it:
 * three canonical parts, a header of exactly `alg`, `typ` and `kid`, and a signature of the right length.
 *
 * @returns undefined for every other text; never throws
 */
export function keyIdOf(token: string): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const [head = '', body = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || signature.length !== SIGNATURE_LENGTH) return undefined;
  if (!isCanonical(head) || !isCanonical(body) || !isCanonical(signature)) return undefined;

  const text = Buffer.from(head, 'base64url').toString();
  const header = parseObject(text);
  // Written out again it must be this text: a repeated member or a blank would not come back.
  if (!header || JSON.stringify(header) !== text || Object.keys(header).length !== 3) return undefined;
  const { alg, typ, kid } = header;
  return alg === 'ES256' && typ === 'at+jwt' && typeof kid === 'string' ? kid : undefined;
}

/** Whether this is base64url as RFC 7515 writes it: no padding, no foreign character, no stray bits at the end. */
function isCanonical(part: string): boolean {
  return part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
