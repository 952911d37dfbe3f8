import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { barChart, type BarGroup } from './chart.ts';
import type { GrowthLine } from './growth.ts';
import type { Machine } from './machine.ts';
import type { Report } from './report.ts';
import { growthMarkdown, markdownOf } from './table.ts';
import type { WorkName } from './work.ts';

const DOCS = join(import.meta.dirname, '..', 'docs');
const PAGE = join(DOCS, 'performance.md');

const TITLES: Readonly<Record<WorkName, string>> = {
  'sign-in': 'Sign-ins a second',
  renewal: 'Renewals a second',
  read: 'Authenticated reads a second',
  list: 'List pages a second',
};

/** Writes the figures of a run into docs/performance.md, and its chart and JSON beside it. */
export function recordSideBySide(report: Report): void {
  writeFileSync(join(DOCS, 'performance.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(
    join(DOCS, 'performance.svg'),
    barChart(
      `Gatehouse beside a bare server and better-auth, ${report.machine.cores} cores`,
      groupsOf(report),
    ),
  );
  replaceSection('side-by-side', `${aboutOf(report.machine)}\n\n${markdownOf(report)}`);
}

export function recordGrowth(machine: Machine, lines: readonly GrowthLine[]): void {
  replaceSection('growth', `${aboutOf(machine)}\n\n${growthMarkdown(lines)}`);
}

function groupsOf({ lines, hashing }: Report): BarGroup[] {
  return (['sign-in', 'renewal', 'read'] as const).map((work) => {
    const bars = lines
      .filter((line) => line.work === work)
      .map(({ contender, rate }) => ({
        label: contender,
        value: rate.median,
        own: contender.startsWith('gatehouse'),
      }));
    const ceiling = { label: 'hashing alone', value: hashing.rate.median, own: false };
    return { title: TITLES[work], bars: work === 'sign-in' ? [ceiling, ...bars] : bars };
  });
}

function aboutOf({ at, cores, processor, memoryGib, node, database }: Machine): string {
  return `Measured on ${at}: ${cores} cores (${processor}), ${memoryGib} GiB, Node ${node}, ${database ?? ''}.`;
}

/** Sections stand between `<!-- bench:name -->` and `<!-- /bench:name -->`; the rest of the page is written by hand. */
function replaceSection(name: string, content: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const section = new RegExp(`(<!-- bench:${name} -->\\n)[^]*?(<!-- /bench:${name} -->)`);
  if (!section.test(page)) throw new Error(`docs/performance.md has no section ${name}`);
  writeFileSync(
    PAGE,
    page.replace(section, (_, begin: string, end: string) => `${begin}\n${content}\n\n${end}`),
  );
}
