import { codePoints, normalized } from '../platform/text.js';

/** In code points: as long as a name can be, and longer than what a search can ask for. */
const SEARCH_FORM_LENGTH = 128;

/**
 * Text as the search of users compares it: compatibility forms and case folded (NFKC, lower case), so that "ＭＥＩ" and
 * "mei" find each other. Stored beside the full name, because an index compares bytes.
 */
export function searchForm(text: string): string {
  return compatible(compatible(text).toLowerCase());
}

/** NFKC of the beginning of a text, and its beginning: U+FDFA alone becomes 18 characters. */
function compatible(text: string): string {
  return beginning(normalized(beginning(text), 'NFKC', SEARCH_FORM_LENGTH) ?? '');
}

function beginning(text: string): string {
  if (codePoints(text, SEARCH_FORM_LENGTH) <= SEARCH_FORM_LENGTH) return text;
  return [...text].slice(0, SEARCH_FORM_LENGTH).join('');
}

/** The texts that begin with `prefix`: those from `from` and before `below`. */
export interface PrefixRange {
  readonly from: string;
  readonly below: string;
}

const LAST_CODE_POINT = 0x10ffff;

/**
 * A prefix as a range in order of code points, which is the order of both databases' binary comparison. Unlike LIKE it
 * has no wildcards to escape, and it uses an index on SQLite too, where LIKE with a parameter does not.
 */
export function prefixRange(prefix: string): PrefixRange {
  const characters = [...prefix];
  while (characters.at(-1)?.codePointAt(0) === LAST_CODE_POINT) characters.pop();
  const last = characters.pop()?.codePointAt(0);
  // Nothing comes after the last code point but more of it, and no search form is as long as this.
  if (last === undefined) {
    return { from: prefix, below: String.fromCodePoint(LAST_CODE_POINT).repeat(SEARCH_FORM_LENGTH + 1) };
  }
  // The code points from D800 to DFFF are surrogates, which no text can hold.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return { from: prefix, below: characters.join('') + String.fromCodePoint(next) };
}
