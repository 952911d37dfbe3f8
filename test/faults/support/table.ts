import type { Outcome } from './scenario.ts';

const HEAD = ['Scenario', 'Injected', 'Promised', 'Measured', 'Verdict'];

/** The result as a Markdown table: one line for each promise. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ scenario, findings, attempts, load }) =>
    findings.map(({ promised, measured, kept }, index) => [
      index === 0 ? scenario.name : '',
      index === 0 ? scenario.injected : '',
      promised,
      measured,
      verdict(kept, attempts, load),
    ]),
  );
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(HEAD), rule, ...rows.map(line)].join('\n');
}

function verdict(kept: boolean, attempts: number, load: number): string {
  const notes = [
    ...(attempts > 1 ? [`attempt ${attempts}`] : []),
    ...(load > 1.2 ? [`machine load ${load.toFixed(1)}`] : []),
  ];
  return `${kept ? 'kept' : 'MISSED'}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}
