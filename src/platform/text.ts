/** How many Unicode code points a text has, counted to `most` + 1 at the furthest. */
export function codePoints(text: string, most = Infinity): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
    if (count > most) break;
  }
  return count;
}

/**
 * A Unicode normalisation form (UAX #15) of a text that has at most so many code points. The length comes first because
 * normalisation takes time by the square of the combining marks that stand in a row: 32 KiB of them stop the event
 * loop for a second. The linter allows `normalize` in this file alone.
 *
 * @returns undefined for a longer text
 */
export function normalized(text: string, form: 'NFC' | 'NFKC' | 'NFD', most: number): string | undefined {
  return codePoints(text, most) > most ? undefined : text.normalize(form);
}
