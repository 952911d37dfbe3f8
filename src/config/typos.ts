import type { Environment } from './environment.js';

/** Warns of names that are almost a setting's: such a typing mistake would otherwise leave a default in force. */
export function warnOfTypos({ variables, warnings }: Environment, settingNames: readonly string[]): void {
  const known = settingNames.flatMap((name) => [name, `${name}_FILE`]);
  for (const name of Object.keys(variables)) {
    if (known.includes(name)) continue;
    const meant = known.find((candidate) => withinOneEdit(name, candidate));
    if (meant !== undefined) warnings.push(`${name} is not a setting; did you mean ${meant}?`);
  }
  const mode = variables['NODE_ENV'] ?? '';
  if (mode !== 'production' && (/^prod/i.test(mode) || withinOneEdit(mode, 'production'))) {
    warnings.push('NODE_ENV is not exactly "production", so this is a trial.');
  }
}

/** True when one insertion, deletion, substitution or swap of neighbours turns one text into the other. */
export function withinOneEdit(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const isSwapped = restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  return (
    isSwapped || restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1)
  );
}
