import { sha256Base64url } from '../platform/crypto/digest.js';
import { randomToken } from '../platform/crypto/random.js';

/**
 * A readable prefix lets secret scanners and people recognise a leaked token for what it is. Tokens of older builds begin
 * with `ghr_`, which is that of GitHub's; they are compared as they are sent, and so work until their session ends.
 */
const PREFIX = 'gatehouse_rt_';
const RANDOM_BYTES = 32;

export interface RefreshToken {
  /** For the client, once; stored nowhere. */
  readonly token: string;
  /** For the session's row. */
  readonly digest: string;
}

/** A new refresh token: `gatehouse_rt_` and 256 random bits, opaque to everyone. */
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
