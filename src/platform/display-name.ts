import type { BrokenRule } from './errors/app-error.js';
import { codePoints, normalized } from './text.js';

/** Either the canonical form of a name, or the rule that it breaks. */
export interface DisplayNameResult {
  readonly value?: string;
  readonly refusal?: BrokenRule;
}

// Cc is C0, DEL and C1; Cs matches only unpaired surrogates here; U+2028 and U+2029 break lines in logs and lists.
// The embeddings, overrides and isolates of UAX #9 make text read as something that it is not, past the name's own
// end. The joiners and the plain direction marks stay: Persian, Indic, Arabic and Hebrew names need them.
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}]/u;

/** No character has a canonical decomposition of more than four code points (UAX #15, section 12). */
const LONGEST_DECOMPOSITION = 4;

/** In code points; no name may be longer. */
const LONGEST_NAME = 128;

/**
 * Reads a name that people see, of a person or of a role. Its length is 1 to `max` code points of the canonical form;
 * a name that nobody could see counts as empty.
 *
 * @param max at most 128
 */
export function parseDisplayName(input: string, max: number): DisplayNameResult {
  if (REFUSED.test(input)) return { refusal: { rule: 'name_characters' } };
  const value = canonical(input);
  if (value === undefined || !VISIBLE.test(value) || codePoints(value, max) > max) {
    return { refusal: { rule: 'length', params: { min: 1, max } } };
  }
  return { value };
}

/**
 * The form in which a name is stored, so that two spellings of one text are stored alike.
 *
 * @param input a name that `parseDisplayName` accepts
 * @throws RangeError for one that is far too long
 */
export function canonicalName(input: string): string {
  const value = canonical(input);
  if (value === undefined) throw new RangeError('A name that was never checked is too long.');
  return value;
}

/** Blanks around a name go, the rest becomes NFC; undefined for a text that no name can be the canonical form of. */
function canonical(input: string): string | undefined {
  return normalized(input.trim(), 'NFC', LONGEST_NAME * LONGEST_DECOMPOSITION);
}
