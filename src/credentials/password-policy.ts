import { Injectable } from '@nestjs/common';
import { parsePhoneNumberFromString } from '../platform/phone-numbers.js';
import type { Violation } from '../platform/errors/app-error.js';
import { codePoints, normalized } from '../platform/text.js';
import { isCommonPassword } from './common-passwords.js';

/** The floor that no setting lowers (NIST SP 800-63B). */
export const PASSWORD_MIN_LENGTH = 8;
const PASSWORD_MAX_LENGTH = 256;

/** Shorter identifiers stand in too many passwords by chance. */
const IDENTIFIER_MIN_LENGTH = 4;

export interface PasswordPolicyOptions {
  /** In code points, 8 to 256. */
  readonly minLength: number;
}

/** Canonical identifiers of the person whose password it becomes; what is not set is empty or null. */
export interface PasswordOwner {
  readonly username: string;
  readonly email?: string | null;
  readonly phone?: string | null;
}

/**
 * The form of a password that is hashed: NFKC (RFC 8265 and NIST SP 800-63B), so that one password typed on two
 * keyboards is one password. Nothing is trimmed, folded or cut.
 *
 * @returns undefined for more code points than a password can have
 */
export function normalizePassword(password: string): string | undefined {
  return normalized(password, 'NFKC', PASSWORD_MAX_LENGTH);
}

/** Decides which new passwords are refused. Stored ones are never judged again. */
@Injectable()
export class PasswordPolicy {
  private readonly minLength: number;

  /** @throws RangeError when `minLength` is outside 8 to 256 */
  constructor({ minLength }: PasswordPolicyOptions) {
    if (!(minLength >= PASSWORD_MIN_LENGTH && minLength <= PASSWORD_MAX_LENGTH)) {
      throw new RangeError(
        `The minimum password length must be ${PASSWORD_MIN_LENGTH} to ${PASSWORD_MAX_LENGTH}.`,
      );
    }
    this.minLength = minLength;
  }

  /**
   * Every rule that the password breaks; none means that it may be set. There are no composition rules.
   *
   * @param field the name of the request's field, for the answer
   */
  refusals(password: string, owner: PasswordOwner, field: string): Violation[] {
    // UTF-8 cannot carry an unpaired surrogate: every one would become U+FFFD and be hashed alike.
    if (!password.isWellFormed()) return [{ field, rule: 'password_characters' }];

    const tooLong = { field, rule: 'password_too_long', params: { max: PASSWORD_MAX_LENGTH } };
    const normal = normalizePassword(password);
    if (normal === undefined) return [tooLong];
    const lengths = [codePoints(password), codePoints(normal)];
    // Both forms count. One U+FDFA becomes 18 characters, and would pass as a password of one key; a letter and its
    // combining accent become one; and sign-in takes at most 256 code points as typed.
    if (Math.min(...lengths) < this.minLength) {
      return [{ field, rule: 'password_too_short', params: { min: this.minLength } }];
    }
    if (Math.max(...lengths) > PASSWORD_MAX_LENGTH) return [tooLong];

    const violations: Violation[] = [];
    const folded = normal.toLowerCase();
    if (isCommonPassword(folded)) violations.push({ field, rule: 'password_common' });
    if (containsIdentifier(folded, owner)) violations.push({ field, rule: 'password_contains_identifier' });
    return violations;
  }
}

function containsIdentifier(folded: string, { username, email, phone }: PasswordOwner): boolean {
  const names = [username, email ?? '', email?.split('@')[0] ?? ''];
  const digits = phone ? phoneDigits(phone) : [];
  // Digits are looked for as typed in one piece or grouped as phone numbers are.
  const ungrouped = folded.replace(/[\s().+-]/g, '');
  return (
    names.some((name) => isContained(name.toLowerCase(), folded)) ||
    digits.some((number) => isContained(number, ungrouped))
  );
}

function isContained(identifier: string, text: string): boolean {
  return identifier.length >= IDENTIFIER_MIN_LENGTH && text.includes(identifier);
}

/** With the country code, and without it, which is how people know their own number. */
function phoneDigits(phone: string): string[] {
  return [phone.replace(/\D/g, ''), parsePhoneNumberFromString(phone)?.nationalNumber ?? ''];
}
