/** Why a name was refused: a locale key, with what its text needs. */
export interface DisplayNameRefusal {
  readonly rule: 'length' | 'name_characters';
  readonly params?: Readonly<Record<string, number>>;
}

export type DisplayNameResult =
  | { readonly value: string; readonly refusal?: undefined }
  | { readonly value?: undefined; readonly refusal: DisplayNameRefusal };

// Cc is C0, DEL and C1; Cs matches only unpaired surrogates here; U+2028 and U+2029 break lines in logs and lists.
// The embeddings, overrides and isolates of UAX #9 make text read as something that it is not, past the name's own
// end. The joiners and the plain direction marks stay: Persian, Indic, Arabic and Hebrew names need them.
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Reads a name that people see, of a person or of a role. Its length is 1 to `max` code points of the canonical form;
 * a name that nobody could see counts as empty.
 *
 * @returns `value`, the canonical form, or `refusal`, the rule that it breaks; never throws
 */
export function parseDisplayName(input: string, max: number): DisplayNameResult {
  if (REFUSED.test(input)) return { refusal: { rule: 'name_characters' } };
  const value = canonicalName(input);
  if (!VISIBLE.test(value) || [...value].length > max) {
    return { refusal: { rule: 'length', params: { min: 1, max } } };
  }
  return { value };
}

/** Blanks around a name go, the rest becomes NFC, and so two spellings of one text are stored alike. */
export function canonicalName(input: string): string {
  return input.normalize('NFC').trim();
}
