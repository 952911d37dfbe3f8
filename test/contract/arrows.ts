import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * The folders of src/ in rows, the highest first: a folder imports only from rows below its own, never sideways.
 * Files directly in src/ (the program, its commands, the list of modules) may import everything.
 */
const ROWS: ReadonlyArray<readonly string[]> = [
  ['openapi'],
  ['auth', 'account', 'health'],
  ['users'],
  ['credentials', 'sessions', 'tokens', 'access'],
  ['audit', 'throttling'],
  ['database'],
  ['config', 'platform'],
];

const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

/** Every import that points the wrong way, and every folder that has no row; empty when all is well. */
export function wrongArrows(root: string): string[] {
  const src = join(root, 'src');
  const wrong = new Set<string>();
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const from = folderOf(file);
    if (from === undefined) continue;
    const fromRow = rowOf(from);
    if (fromRow === -1) wrong.add(`src/${from} has no row in test/contract/arrows.ts`);
    for (const [, specifier = ''] of readFileSync(join(src, file), 'utf8').matchAll(IMPORT)) {
      const target = relative(src, resolve(src, dirname(file), specifier));
      // Migrations, package.json: below everything.
      if (target.startsWith('..')) continue;
      const to = folderOf(target);
      if (to === from) continue;
      if (to === undefined || rowOf(to) <= fromRow) wrong.add(`src/${file} imports ${target}`);
    }
  }
  return [...wrong].sort();
}

/** The first folder below src/; nothing for a file directly in it. */
function folderOf(file: string): string | undefined {
  const [folder, ...rest] = file.split(sep);
  return rest.length > 0 ? folder : undefined;
}

function rowOf(folder: string): number {
  return ROWS.findIndex((row) => row.includes(folder));
}
