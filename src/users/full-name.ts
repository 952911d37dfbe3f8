export const FULL_NAME_MAX_LENGTH = 128;

/** Why a full name was refused: a locale key, with what its text needs. */
export interface FullNameRefusal {
  readonly rule: 'full_name_length' | 'full_name_characters';
  readonly params?: Readonly<Record<string, number>>;
}

export type FullNameResult =
  | { readonly value: string; readonly refusal?: undefined }
  | { readonly value?: undefined; readonly refusal: FullNameRefusal };

// Cc is C0, DEL and C1; Cs matches only unpaired surrogates here; U+2028 and U+2029 break lines in logs and lists.
// The embeddings, overrides and isolates of UAX #9 make text read as something that it is not, past the name's own
// end. The joiners and the plain direction marks stay: Persian, Indic, Arabic and Hebrew names need them.
const REFUSED = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Reads a person's name: blanks around it go, the rest becomes NFC, and so two spellings of one text are stored
 * alike. Length is 1–128 code points of the canonical form; a name that nobody could see counts as empty.
 *
 * @returns `value`, the canonical form, or `refusal`, the rule that it breaks; never throws
 */
export function parseFullName(input: string): FullNameResult {
  if (REFUSED.test(input)) return { refusal: { rule: 'full_name_characters' } };

  const value = input.normalize('NFC').trim();
  const length = [...value].length;
  if (!VISIBLE.test(value) || length > FULL_NAME_MAX_LENGTH) {
    return { refusal: { rule: 'full_name_length', params: { min: 1, max: FULL_NAME_MAX_LENGTH } } };
  }
  return { value };
}
