/**
 * `npm run docs`: writes what is generated from the code: pages of docs/ and openapi.yaml. With `--check` it only says
 * which of them are stale. It asks the build, where the compiler has added comments and types to the document.
 */
import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { renderConfigurationPage } from './configuration-page.ts';
import { renderErrorsPage } from './errors-page.ts';

type Configuration = typeof import('../src/config/config.ts');
type AppErrors = typeof import('../src/platform/errors/app-error.ts');
type Translator = typeof import('../src/platform/i18n/translator.ts');

const { slices }: Configuration = await built('config/config.js');
// Loads every module, and with it its part of the catalogue.
await built('app.module.js');
const { errorCatalogue }: AppErrors = await built('platform/errors/app-error.js');
const translator: Translator = await built('platform/i18n/translator.js');

const pages = new Map([
  ['docs/configuration.md', renderConfigurationPage(Object.values(slices))],
  ['docs/errors.md', renderErrorsPage(errorCatalogue(), translator)],
  ['openapi.yaml', execFileSync(process.execPath, ['dist/src/cli/main.js', 'openapi'], { encoding: 'utf8' })],
]);

const stale = [...pages].filter(([path, text]) => current(path) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is stale: run "npm run docs"`);
  process.exit(stale.length === 0 ? 0 : 1);
}
for (const [path, text] of stale) writeFileSync(path, text);
// Something in the modules may hold the process.
process.exit(0);

function built(path: string) {
  return import(pathToFileURL(`dist/src/${path}`).href);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
