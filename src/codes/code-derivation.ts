import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { OneTimeCode } from './one-time-code.entity.js';

/** What a code is derived from, beside the key. */
export type Derived = Pick<OneTimeCode, 'purpose' | 'subject' | 'recipient' | 'seed'>;

const LINK_PREFIX = 'ghc_';
/** A UUID and an HMAC-SHA256 in base64url. */
const LINK_TOKEN = /^ghc_[A-Za-z0-9_-]{64}$/;
/** Six digits, as people type them: with blanks between, or without. */
const DIGITS = /^[0-9]{6}$/;

/** What a person gives as a code: six digits of a mail, or the token of a link, which names the user. */
export type GivenCode = { readonly digits: string } | { readonly token: string; readonly userId: string };

/** @returns undefined when the text has neither form */
export function parseCode(text: string): GivenCode | undefined {
  const packed = text.replace(/[ \t]/g, '');
  if (DIGITS.test(packed)) return { digits: packed };
  if (!LINK_TOKEN.test(packed)) return undefined;
  return {
    token: packed,
    userId: toUuid(Buffer.from(packed.slice(LINK_PREFIX.length), 'base64url').subarray(0, 16)),
  };
}

/** The six digits of a row: its HMAC's first 8 bytes as a number, of which the last six digits count. */
export function digitsOf(row: Derived, key: KeyObject): string {
  const number = mac(row, key).readBigUInt64BE() % 1_000_000n;
  return number.toString().padStart(6, '0');
}

/** The token of a link: whose it is, and 256 bits that nobody guesses. */
export function linkTokenOf(row: Derived, userId: string, key: KeyObject): string {
  const proof = createHmac('sha256', key).update('link').update(mac(row, key)).digest();
  return (
    LINK_PREFIX + Buffer.concat([Buffer.from(userId.replaceAll('-', ''), 'hex'), proof]).toString('base64url')
  );
}

/** Whether two texts are one, in a time that tells nothing about where they differ. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Each field with its length before it, so that no two rows are written alike. */
function mac({ purpose, subject, recipient, seed }: Derived, key: KeyObject): Buffer {
  const hmac = createHmac('sha256', key);
  for (const field of [purpose, subject, recipient ?? '', seed]) {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}

function toUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
