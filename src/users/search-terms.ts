import { parsePhoneNumberFromString } from '../platform/phone-numbers.js';
import { codePoints, normalized } from '../platform/text.js';
import type { User } from './user.entity.js';

/** In code points: as long as what a search can ask for. */
const TERM_LENGTH = 100;

/** More than any name of a person has; it bounds what one user adds to the table. */
const MOST_TERMS = 200;

/** In code points: as long as a full name or what a search asks for can be; an e-mail address is cut. */
const FOLDED_LENGTH = 254;

/** Letters of scripts that put no blanks between words. */
const UNSPACED = String.raw`[[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}]&&[\p{L}\p{N}]]`;

/** Where a search may begin within text without blanks: where a word begins, and at each letter of such a script. */
const BEGINNING = new RegExp(
  String.raw`^|(?<![\p{L}\p{M}\p{N}])(?=[\p{L}\p{N}])|(?=${UNSPACED})|(?<=${UNSPACED})(?=[\p{L}\p{N}])`,
  'gv',
);

export type Searched = Pick<User, 'username' | 'fullName' | 'email' | 'phone'>;

/** All that the beginning of a search word may be found in: the index of people, see docs/decisions/0010. */
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

/** One letter of a script without blanks is a word already; of other scripts a search needs two. */
export function isWord(q: string): boolean {
  return new RegExp(UNSPACED, 'v').test(q) || codePoints(q, 2) >= 2;
}

/**
 * The first and the last text that begin so, in order of code points, which is the order of both databases' binary
 * comparison. Unlike LIKE a range has no wildcards to escape, and it uses an index on SQLite too.
 */
export function rangeOf(prefix: string): [first: string, last: string] {
  return [prefix, prefix + '\u{10ffff}'.repeat(TERM_LENGTH - codePoints(prefix, TERM_LENGTH))];
}

/** E.164, and what is dialled in the number's own country: with the zero in front, where one is dialled, and without. */
function phoneForms(phone: string): string[] {
  const number = parsePhoneNumberFromString(phone);
  if (number === undefined) return [phone];
  return [phone, String(number.nationalNumber), number.formatNational().replace(/[^0-9]/g, '')];
}

/** Without the plus of a phone number: it would only double the terms. */
function wordsOf(text: string): string[] {
  const words = fold(text).split(/\s+/u).filter(Boolean);
  return words.map((word) => word.replace(/^\+(?=[0-9])/, ''));
}

/** Each text once, and none that another begins with: whatever finds it finds the other as well. */
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
