import type { CountryCode } from 'libphonenumber-js/max';
import { parsePhoneNumberFromString } from '../platform/phone-numbers.js';

export type { CountryCode };

export const IDENTIFIER_KINDS = ['username', 'email', 'phone'] as const;

export type IdentifierKind = (typeof IDENTIFIER_KINDS)[number];

/** What a person signs in with, in the one form that is stored, compared and shown. */
export interface Identifier {
  readonly kind: IdentifierKind;
  readonly value: string;
}

const PRINTABLE_ASCII = /^[ -~]+$/;

const USERNAME = /^[a-z][a-z0-9._-]{2,31}$/;

const EMAIL_MAX_LENGTH = 254;
const LOCAL_PART_MAX_LENGTH = 64;
// RFC 5322 dot-atom. No quoted strings and no comments: each would be a second spelling of one mailbox.
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
// RFC 1123 labels. At least two, and the last one begins with a letter (RFC 3696), which leaves out dotless
// hosts and IP addresses: no mail reaches those from outside.
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

const PHONE_START = /^[+(0-9]/;
const PHONE_CHARACTERS = /^[0-9+(). -]+$/;

/**
 * Reads what a person typed as the one identifier that it can mean. Sign-in, creation and change all use this function,
 * so an identifier that can be stored can be found again.
 *
 * The first characters decide the kind, and the three canonical forms cannot meet: an e-mail address has an `@`, a
 * phone number begins with `+` and has only digits after it, a username begins with a letter and has no `@`.
 *
 * @param input as typed, of any length
 * @param defaultRegion ISO 3166-1 alpha-2 region in which phone numbers without `+` are read as if dialled there
 * @returns undefined when the text is no identifier; never throws
 */
export function parseIdentifier(input: string, defaultRegion: CountryCode): Identifier | undefined {
  const text = trimBlanks(input);
  // Width, accents, invisible characters and foreign scripts are refused, never mapped: NFKC would turn a
  // full-width "ａdmin" into the name of somebody else.
  if (!PRINTABLE_ASCII.test(text)) return undefined;
  // On ASCII alone, toLowerCase changes exactly A–Z, in every locale.
  const folded = text.toLowerCase();
  if (folded.includes('@')) return identifier('email', readEmail(folded));
  if (PHONE_START.test(folded)) return identifier('phone', readPhone(folded, defaultRegion));
  return identifier('username', USERNAME.test(folded) ? folded : undefined);
}

/**
 * The canonical form of `input` if it is an identifier of this kind, for fields that take one kind only.
 *
 * @returns undefined when it is another kind or none
 */
export function parseIdentifierOf(
  kind: IdentifierKind,
  input: string,
  defaultRegion: CountryCode,
): string | undefined {
  const found = parseIdentifier(input, defaultRegion);
  return found?.kind === kind ? found.value : undefined;
}

/** The canonical form of an e-mail address; undefined for anything else. */
export function parseEmail(input: string): string | undefined {
  const text = trimBlanks(input);
  return PRINTABLE_ASCII.test(text) ? readEmail(text.toLowerCase()) : undefined;
}

function identifier(kind: IdentifierKind, value: string | undefined): Identifier | undefined {
  return value === undefined ? undefined : { kind, value };
}

/**
 * Blanks are the POSIX class: space and tab. String.trim would also take U+00A0, U+FEFF and line ends, and so let
 * characters pass that the ASCII rule is there to refuse. A loop, for /[ \t]+$/ is quadratic on long runs.
 */
function trimBlanks(input: string): string {
  let start = 0;
  let end = input.length;
  while (start < end && isBlank(input[start])) start += 1;
  while (end > start && isBlank(input[end - 1])) end -= 1;
  return input.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

function readEmail(text: string): string | undefined {
  if (text.length > EMAIL_MAX_LENGTH) return undefined;
  const [local = '', domain = '', ...rest] = text.split('@');
  if (rest.length > 0 || local.length > LOCAL_PART_MAX_LENGTH) return undefined;
  return LOCAL_PART.test(local) && DOMAIN.test(domain) ? text : undefined;
}

/**
 * E.164 by libphonenumber with the full metadata: the small set checks lengths only. libphonenumber reads generously
 * (a trunk zero in "+44 (0)20 …", "00" as dialled from the region, a country code without `+`); each such spelling
 * still reaches exactly one number. What is not part of a number is refused here: letters (vanity numbers,
 * "ext", ";ext=") and a carrier's selection code.
 */
function readPhone(text: string, defaultRegion: CountryCode): string | undefined {
  if (!PHONE_CHARACTERS.test(text)) return undefined;
  const number = readValid(text, defaultRegion);
  // For a few numbers the library reads its own E.164 form as another number or as none (Belarus' +375 810…, whose
  // own digits begin like a trunk prefix). Nobody could sign in with what is stored, so these are no identifiers.
  return number !== undefined && E164.test(number) && readValid(number, defaultRegion) === number
    ? number
    : undefined;
}

/** At most 15 digits (ITU-T E.164); the library takes some German numbers for valid that have more. */
const E164 = /^\+[1-9]\d{3,14}$/;

function readValid(text: string, defaultRegion: CountryCode): string | undefined {
  const number = parsePhoneNumberFromString(text, { defaultCountry: defaultRegion, extract: false });
  if (number === undefined || number.ext !== undefined || number.carrierCode !== undefined) return undefined;
  return number.isValid() ? number.number : undefined;
}
