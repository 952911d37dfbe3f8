import type { GrowthLine } from './growth.ts';
import type { Line, Report, Target } from './report.ts';
import type { Spread } from './statistics.ts';

const LINE_HEAD = [
  'work',
  'contender',
  'answers/s',
  'least–most',
  'p50 ms',
  'p99 ms',
  'CPU µs',
  'loop p99 ms',
  'errors',
];
const TARGET_HEAD = ['target', 'asked', 'measured', 'least–most', ''];

/** The report for a terminal. */
export function tableOf(report: Report): string {
  const { hashing } = report;
  return [
    aligned([LINE_HEAD, ...report.lines.map(lineCells)]),
    `\nhash capacity: ${number(hashing.rate.median)}/s (${range(hashing.rate)}), one takes ${number(hashing.median)} ms\n`,
    aligned([TARGET_HEAD, ...report.targets.map(targetCells)]),
    '',
  ].join('\n');
}

/** The same as Markdown tables. */
export function markdownOf(report: Report): string {
  const { hashing } = report;
  return [
    markdown([LINE_HEAD, ...report.lines.map(lineCells)]),
    `\nHash capacity: ${number(hashing.rate.median)}/s (${range(hashing.rate)}); one takes ${number(hashing.median)} ms.\n`,
    markdown([TARGET_HEAD, ...report.targets.map(targetCells)]),
  ].join('\n');
}

const GROWTH_HEAD = [
  'work',
  'users',
  'sessions',
  'p50 ms',
  'p99 ms',
  'answers/s',
  'CPU µs',
  'against the smallest',
  'errors',
];

export function growthTable(lines: readonly GrowthLine[]): string {
  return `${aligned(growthRows(lines))}\n`;
}

export function growthMarkdown(lines: readonly GrowthLine[]): string {
  return markdown(growthRows(lines));
}

/** By work, so that the sizes stand below each other. */
function growthRows(lines: readonly GrowthLine[]): string[][] {
  const rows = [...Map.groupBy(lines, ({ work }) => work).values()].flatMap((group) => {
    const smallest = group[0]?.rate ?? Number.NaN;
    return group.map(({ work, users, sessions, p50, p99, rate, cpu, errors }) => [
      work,
      String(users),
      String(sessions),
      ...[p50, p99, rate, cpu].map(number),
      `${number(smallest / rate)} ×`,
      number(errors),
    ]);
  });
  return [GROWTH_HEAD, ...rows];
}

function lineCells({ work, contender, rate, p50, p99, cpu, loopDelayP99, errors }: Line): string[] {
  return [
    work,
    contender,
    number(rate.median),
    range(rate),
    ...[p50, p99, cpu, loopDelayP99, errors].map(number),
  ];
}

function targetCells({ name, asked, value, unit, met }: Target): string[] {
  return [name, asked, `${number(value.median)} ${unit}`.trim(), range(value), met ? 'met' : 'missed'];
}

function range({ least, most }: Spread): string {
  return `${number(least)}–${number(most)}`;
}

/** Three digits are all that such figures are worth. */
export function number(value: number): string {
  if (value >= 100 || value === 0) return String(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
