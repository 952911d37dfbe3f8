/**
 * `npm run client [folder]`: a typed client for fetch, without dependencies, from openapi.yaml; into `client/`, unless
 * another folder is named. With `--check` it only says whether the committed one is stale.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hey-api/openapi-ts';

const COMMITTED = 'client';

if (process.argv.includes('--check')) {
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-client-'));
  await generate(scratch);
  const stale = contents(scratch) !== contents(COMMITTED);
  rmSync(scratch, { recursive: true });
  if (stale) console.error('client/ is stale: run "npm run docs"');
  process.exit(stale ? 1 : 0);
}
await generate(process.argv[2] ?? COMMITTED);

async function generate(folder: string): Promise<void> {
  await createClient({
    input: './openapi.yaml',
    output: { path: folder },
    plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
    logs: { level: 'silent' },
  });
}

function contents(folder: string): string {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return JSON.stringify(files.sort().map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]));
}
