import type { Environment } from './environment.js';

/** Warns of names that are almost a setting's: such a typing mistake would otherwise leave a default in force. */
export function warnOfTypos(environment: Environment, settingNames: readonly string[]): void {
  const { variables } = environment;
  const known = settingNames.flatMap((name) => [name, `${name}_FILE`]);
  const isKnown = new Set<string>(known);
  for (const name of Object.keys(variables)) {
    if (isKnown.has(name)) continue;
    const meant = known.find((candidate) => withinOneEdit(name, candidate));
    if (meant !== undefined) environment.warn(`${name} is not a setting; did you mean ${meant}?`);
  }
  const mode = variables['NODE_ENV'] ?? '';
  if (mode !== 'production' && (/^prod/i.test(mode) || withinOneEdit(mode, 'production'))) {
    environment.warn('NODE_ENV is not exactly "production", so this is a trial.');
  }
}

/** True when one insertion, deletion, substitution or swap of neighbours turns one text into the other. */
export function withinOneEdit(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const [restA, restB] = [a.slice(start, endA), b.slice(start, endB)];
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0];
}
