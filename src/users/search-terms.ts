import { parsePhoneNumberFromString } from '../platform/phone-numbers.js';
import { codePoints, normalized } from '../platform/text.js';
import type { User } from './user.entity.js';

/** In code points; a search asks for no longer text. */
const TERM_LENGTH = 100;

/** Bounds what one user adds to the table; no person's name has as many. */
const MOST_TERMS = 200;

/** In code points; longer than any full name or search text. */
const FOLDED_LENGTH = 254;

/** Letters of scripts that put no blanks between words. */
const UNSPACED = String.raw`[[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}]&&[\p{L}\p{N}]]`;

/** Where a search may begin within text without blanks: where a word begins, and at each letter of such a script. */
const BEGINNING = new RegExp(
  String.raw`^|(?<![\p{L}\p{M}\p{N}])(?=[\p{L}\p{N}])|(?=${UNSPACED})|(?<=${UNSPACED})(?=[\p{L}\p{N}])`,
  'gv',
);

export type Searched = Pick<User, 'username' | 'fullName' | 'email' | 'phone'>;

/** The terms that a search word can be the beginning of; see docs/decisions/0010. */
export function searchTerms({ username, fullName, email, phone }: Searched): string[] {
  const texts = [fullName, username, ...(phone === null ? [] : phoneForms(phone)), email ?? ''];
  const terms = texts.flatMap(wordsOf).flatMap((word) => {
    return [...word.matchAll(BEGINNING)].map(({ index }) => cut(word.slice(index), TERM_LENGTH));
  });
  return longest(terms.slice(0, MOST_TERMS));
}

/** The words of a search, the longest first; each must begin one of a user's terms. */
export function searchWords(q: string): string[] {
  return longest(wordsOf(q).map((word) => cut(word, TERM_LENGTH))).sort((a, b) => b.length - a.length);
}

/** The digits of what may be one phone number as people write it: "(0151) 234", "138-0013 8000", "0086 138". */
export function searchedPhone(q: string): string | undefined {
  const text = fold(q).trim();
  if (!/^[+(]?[0-9][0-9+(). /-]*$/.test(text)) return undefined;
  return text
    .replace('(0)', '')
    .replace(/[^0-9]/g, '')
    .replace(/^00/, '');
}

/** A search needs two characters, or one letter of a script without blanks. */
export function isWord(q: string): boolean {
  return new RegExp(UNSPACED, 'v').test(q) || codePoints(q, 2) >= 2;
}

/**
 * The first and the last text that begin with the prefix, in the order of code points, by which both databases compare.
 * Unlike LIKE, a range has no wildcards to escape, and SQLite uses an index for it.
 */
export function rangeOf(prefix: string): [first: string, last: string] {
  return [prefix, prefix + '\u{10ffff}'.repeat(TERM_LENGTH - codePoints(prefix, TERM_LENGTH))];
}

/** E.164, and as dialled in the number's own country, with and without a trunk zero. */
function phoneForms(phone: string): string[] {
  const number = parsePhoneNumberFromString(phone);
  if (number === undefined) return [phone];
  return [phone, String(number.nationalNumber), number.formatNational().replace(/[^0-9]/g, '')];
}

/** Words without the plus of a phone number, which would only double the terms. */
function wordsOf(text: string): string[] {
  const words = fold(text).split(/\s+/u).filter(Boolean);
  return words.map((word) => word.replace(/^\+(?=[0-9])/, ''));
}

/** Drops each text that another begins with: whatever finds it finds the other as well. */
function longest(texts: readonly string[]): string[] {
  const sorted = texts.toSorted();
  return sorted.filter((text, index) => !sorted[index + 1]?.startsWith(text));
}

/**
 * Text as the search of users compares it: compatibility forms and case folded (NFKC, lower case), so that "ＭＥＩ" and
 * "mei" find each other.
 */
function fold(text: string): string {
  return compatible(compatible(text).toLowerCase());
}

/** NFKC of the beginning of a text, and its beginning: U+FDFA alone becomes 18 characters. */
function compatible(text: string): string {
  return cut(normalized(cut(text, FOLDED_LENGTH), 'NFKC', FOLDED_LENGTH) ?? '', FOLDED_LENGTH);
}

function cut(text: string, length: number): string {
  return codePoints(text, length) <= length ? text : [...text].slice(0, length).join('');
}
