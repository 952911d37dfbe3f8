import { sha256Base64url } from '../platform/crypto/digest.js';
import { randomToken } from '../platform/crypto/random.js';

/** A readable prefix lets secret scanners and people recognise a leaked token for what it is. */
const PREFIX = 'ghr_';
const RANDOM_BYTES = 32;

export interface RefreshToken {
  /** For the client, once; stored nowhere. */
  readonly token: string;
  /** For the session's row. */
  readonly digest: string;
}

/** A new refresh token: `ghr_` and 256 random bits, opaque to everyone. */
export function newRefreshToken(): RefreshToken {
  const token = PREFIX + randomToken(RANDOM_BYTES);
  return { token, digest: refreshDigest(token) };
}

/**
 * What a refresh token is looked up by: SHA-256 of the text exactly as sent, 43 characters. A plain fast digest is
 * enough because the token itself has 256 random bits; any other text is simply not found.
 */
export function refreshDigest(token: string): string {
  return sha256Base64url(token);
}
