#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { declare, type DeclareOptions } from './declare.ts';

const USAGE = `Usage: gatehouse-verify declare FILE [--allow-retire]

Declares the permissions of an application. FILE is JSON:
  {"application": "shop", "permissions": [{"code": "orders:read", "description": {"en": "Read orders"}}]}
Environment: GATEHOUSE_URL, GATEHOUSE_KEY
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const options = { 'allow-retire': { type: 'boolean' } } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const [command, file, ...more] = positionals;
  if (command !== 'declare' || file === undefined || more.length > 0) throw new Error(USAGE);
  const { GATEHOUSE_URL: url, GATEHOUSE_KEY: key } = process.env;
  if (!url || !key) throw new Error('GATEHOUSE_URL and GATEHOUSE_KEY must be set.');
  const { application, permissions } = JSON.parse(await readFile(file, 'utf8')) as Partial<DeclareOptions>;
  // An empty file must not retire everything.
  if (typeof application !== 'string' || !Array.isArray(permissions))
    throw new Error(`${file}: "application" and "permissions" are expected.`);
  const done = await declare({ url, key, application, permissions, allowRetire: values['allow-retire'] });
  const { added, changed, retired, unchanged } = done;
  process.stdout.write(
    `${application}: ${added} added, ${changed} changed, ${retired} retired, ${unchanged} unchanged\n`,
  );
}
