/** `npm run docs`: writes the generated pages of docs/. With `--check` it only says which of them are stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { runnerImport } from 'vite';

type ConfigurationDoc = typeof import('../src/config/configuration-doc.ts');

// Through vite, because src/ imports by the names that the build will have.
const { module } = await runnerImport<ConfigurationDoc>('./src/config/configuration-doc.ts');
const pages = new Map([['docs/configuration.md', module.renderConfigurationDoc()]]);

const stale = [...pages].filter(([path, text]) => current(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is stale: run "npm run docs"`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const [path, text] of stale) writeFileSync(path, text);

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
