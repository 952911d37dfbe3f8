import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * The folders of src/ in rows, the highest first: a folder imports only from rows below its own, never sideways.
 * The program and its commands (files directly in src/, and src/cli) may import everything.
 */
const ROWS: ReadonlyArray<readonly string[]> = [
  ['openapi'],
  ['auth', 'account', 'health'],
  ['users'],
  ['credentials', 'codes', 'factors', 'access', 'api-keys'],
  ['sessions', 'tokens'],
  ['outbox'],
  ['audit', 'throttling', 'keyring'],
  ['database'],
  ['config', 'platform'],
];

/** Reads of several tables at once, which would cost a round trip for each module if every module read its own. */
const JOINED_READS: Readonly<Record<string, readonly string[]>> = {
  // Who is calling: all that is to be known, by primary keys.
  auth: ['users', 'sessions', 'api_keys', 'roles', 'user_roles'],
  // Whether the owner of an application is a service account.
  access: ['users'],
  // A key is a session, and what only keys have.
  'api-keys': ['sessions'],
  // Users are shown with their roles and found by them. Who signs in or asks for a code: all that is to be known of an
  // account.
  users: ['roles', 'user_roles', 'password_credentials', 'known_addresses'],
};

const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;
const ENTITY = /@Entity\('(\w+)'/g;
/** Upper case, as all SQL is written here. */
const TABLE_IN_SQL = /\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)/g;

/**
 * Every import that points the wrong way, every statement that names the table of another module, and every folder that
 * has no row; empty when all is well.
 */
export function wrongArrows(root: string): string[] {
  const src = join(root, 'src');
  const files = sourcesIn(src);
  const owners = ownersOfTables(files);
  const wrong = new Set<string>();
  for (const [file, text] of files) {
    const from = folderOf(file);
    if (from === undefined) continue;
    const fromRow = rowOf(from);
    if (fromRow === -1) wrong.add(`src/${from} has no row in test/contract/arrows.ts`);
    for (const [, specifier = ''] of text.matchAll(IMPORT)) {
      const target = relative(src, resolve(src, dirname(file), specifier));
      // Migrations, package.json: below everything.
      if (target.startsWith('..')) continue;
      const to = folderOf(target);
      if (to === from) continue;
      if (to === undefined || rowOf(to) <= fromRow) wrong.add(`src/${file} imports ${target}`);
    }
    for (const [, table = ''] of text.matchAll(TABLE_IN_SQL)) {
      const owner = owners.get(table);
      if (owner === undefined || owner === from || JOINED_READS[from]?.includes(table) === true) continue;
      wrong.add(`src/${file} names the table ${table} of src/${owner}`);
    }
  }
  return [...wrong].sort();
}

function sourcesIn(src: string): ReadonlyArray<readonly [string, string]> {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, readFileSync(join(src, file), 'utf8')] as const);
}

/** The folder whose entity declares each table. */
function ownersOfTables(files: ReadonlyArray<readonly [string, string]>): ReadonlyMap<string, string> {
  const found = files.flatMap(([file, text]) => {
    const tables = [...text.matchAll(ENTITY)];
    return tables.map(([, table = '']) => [table, folderOf(file) ?? ''] as const);
  });
  return new Map(found);
}

/** The first folder below src/; nothing for the program and its commands. */
function folderOf(file: string): string | undefined {
  const [folder, ...rest] = file.split(sep);
  return rest.length > 0 && folder !== 'cli' ? folder : undefined;
}

function rowOf(folder: string): number {
  return ROWS.findIndex((row) => row.includes(folder));
}
