import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { refreshDigest } from './refresh-tokens.js';

const PREFIX = 'gatehouse_key_';
const RANDOM_BYTES = 32;
/** 62 ** 43 is more than 2 ** 256, and 62 ** 6 more than 2 ** 32. */
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORM = new RegExp(`^${PREFIX}([0-9A-Za-z]{${RANDOM_LENGTH}})([0-9A-Za-z]{${CHECKSUM_LENGTH}})$`);

export interface KeyToken {
  /** For whoever makes the key, once; stored nowhere. */
  readonly token: string;
  /** For the key's row. */
  readonly digest: string;
  /** The last four characters, by which people tell their keys apart. */
  readonly hint: string;
}

/**
 * A new key: 256 random bits and a checksum, in letters, digits and `_` alone, so that one double click takes it whole and
 * scanners of secrets find it without false alarms.
 */
export function newKeyToken(): KeyToken {
  const random = inBase62(BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`), RANDOM_LENGTH);
  const token = PREFIX + random + checksumOf(random);
  return { token, digest: refreshDigest(token), hint: token.slice(-4) };
}

/** Whether a text is meant to be a key, well-formed or not. */
export function looksLikeKey(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Whether a text can be a key: garbage is told apart before anything is looked up. */
export function isKeyToken(text: string): boolean {
  const [, random = '', checksum] = FORM.exec(text) ?? [];
  return checksum !== undefined && checksum === checksumOf(random);
}

function checksumOf(random: string): string {
  return inBase62(BigInt(crc32(random)), CHECKSUM_LENGTH);
}

function inBase62(value: bigint, length: number): string {
  let digits = '';
  for (let rest = value; rest > 0n; rest /= 62n) digits = BASE62.charAt(Number(rest % 62n)) + digits;
  return digits.padStart(length, '0');
}
