import commonPasswords from 'fxa-common-password-list';
import type { Config } from '../config/config.js';
import type { Violation } from '../platform/errors/app-error.js';
import { translate } from '../platform/i18n/translator.js';
import { parsePhoneNumberFromString } from '../platform/phone-numbers.js';
import { codePoints, normalized } from '../platform/text.js';

const PASSWORD_MAX_LENGTH = 256;

/** Shorter identifiers occur in too many passwords by chance. */
const IDENTIFIER_MIN_LENGTH = 4;

/** The canonical identifiers of the person whose password it becomes. */
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

/**
 * Every rule that a new password breaks. Stored passwords are never judged again, and there are no composition rules.
 *
 * @param minLength in code points
 * @param field the name of the request's field, for the answer
 */
export function passwordRefusals(
  password: string,
  owner: PasswordOwner,
  minLength: number,
  field: string,
): Violation[] {
  // UTF-8 cannot carry an unpaired surrogate: every one would become U+FFFD and be hashed alike.
  if (!password.isWellFormed()) return [{ field, rule: 'password_characters' }];

  const tooLong = { field, rule: 'password_too_long', params: { max: PASSWORD_MAX_LENGTH } };
  const normal = normalizePassword(password);
  if (normal === undefined) return [tooLong];
  const lengths = [codePoints(password), codePoints(normal)];
  // Both forms count. One U+FDFA becomes 18 characters, and would pass as a password of one key; a letter and its
  // combining accent become one; and sign-in takes at most 256 code points as typed.
  if (Math.min(...lengths) < minLength) {
    return [{ field, rule: 'password_too_short', params: { min: minLength } }];
  }
  if (Math.max(...lengths) > PASSWORD_MAX_LENGTH) return [tooLong];

  const violations: Violation[] = [];
  const folded = normal.toLowerCase();
  // The 50 000 most common leaked ones, in memory and in lower case; OWASP ASVS 5.0 (6.2.4) asks for 3 000.
  if (commonPasswords.test(folded)) violations.push({ field, rule: 'password_common' });
  if (containsIdentifier(folded, owner)) violations.push({ field, rule: 'password_contains_identifier' });
  return violations;
}

/** Why the first administrator's password is refused, for the list of problems at the start. */
export function bootstrapPasswordRefusals(password: string, username: string, config: Config): string[] {
  const owner = { username: username.toLowerCase() };
  const refusals = passwordRefusals(password, owner, config.passwords.minLength, 'password');
  return refusals.map(({ rule, params }) => `it ${translate(`rule.${rule}`, 'en', params)}`);
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
