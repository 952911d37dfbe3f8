import { sign, type KeyObject } from 'node:crypto';

/** r and s of an ECDSA signature on P-256, in bytes. */
const INTEGER_BYTES = 32;

/**
 * A compact JWS with ES256 (RFC 7515, RFC 7518 section 3.4): signing is most of what a renewal costs, and through
 * jsonwebtoken it took a third longer (docs/decisions/0005-sign-without-jsonwebtoken.md). Reading tokens stays with the
 * library, because there the attacker chooses the text.
 *
 * @param privateKey on the curve P-256
 */
export function signCompact(header: object, payload: object, privateKey: KeyObject): string {
  const text = `${base64url(header)}.${base64url(payload)}`;
  return `${text}.${toJose(sign('sha256', Buffer.from(text), privateKey)).toString('base64url')}`;
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/**
 * The signature as JOSE writes it, r and s at full length, from OpenSSL's DER: `30 len 02 len r 02 len s`. OpenSSL
 * can write it so itself, but takes twice as long for it.
 */
function toJose(der: Buffer): Buffer {
  const jose = Buffer.alloc(2 * INTEGER_BYTES);
  const rEnd = 4 + der.readUInt8(3);
  copyInteger(der.subarray(4, rEnd), jose.subarray(0, INTEGER_BYTES));
  copyInteger(der.subarray(rEnd + 2), jose.subarray(INTEGER_BYTES));
  return jose;
}

/** DER drops leading zeros, and adds one where the first bit would make the number negative. */
function copyInteger(integer: Buffer, target: Buffer): void {
  const digits = integer.subarray(Math.max(0, integer.length - INTEGER_BYTES));
  digits.copy(target, INTEGER_BYTES - digits.length);
}
