// Takes out of an installed program what never runs: `node prune.mjs <folder with dist and node_modules>`.
// `npm ci --omit=dev` leaves more than half of the size in type declarations, source maps, other platforms' binaries,
// tests, and a whole TypeScript compiler (an optional peer of @nestjs/swagger, used at build time only).
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2];
if (!root) throw new Error('usage: node prune.mjs <folder>');
const modules = join(root, 'node_modules');
const remove = (path) => rmSync(path, { recursive: true, force: true });

for (const name of ['typescript', '@types', 'node-addon-api', '.package-lock.json'])
  remove(join(modules, name));

// Builds for browsers and bundlers, each a second copy of what Node loads.
const copies = {
  'class-transformer': ['bundles', 'esm5', 'esm2015'],
  'class-validator': ['bundles', 'esm5', 'esm2015'],
  'libphonenumber-js': ['bundle'],
  typeorm: ['browser'],
  validator: ['es', 'validator.js', 'validator.min.js'],
};
for (const [name, parts] of Object.entries(copies))
  for (const part of parts) remove(join(modules, name, part));

// better-sqlite3 loads prebuilds/<platform>-<arch>.node and never compiles here. The image is glibc, not musl.
const sqlite = join(modules, 'better-sqlite3');
for (const name of ['deps', 'src', 'binding.gyp']) remove(join(sqlite, name));
const own = `${process.platform}-${process.arch}.node`;
const prebuilds = readdirSync(join(sqlite, 'prebuilds'));
if (!prebuilds.includes(own)) throw new Error(`better-sqlite3 brings no binary for ${own}`);
for (const name of prebuilds) if (name !== own) remove(join(sqlite, 'prebuilds', name));

// Only beside a package.json: deeper down, `test` may be a folder that the program loads.
const unused = new Set([
  'test',
  'tests',
  '__tests__',
  'spec',
  'specs',
  'example',
  'examples',
  'benchmark',
  'benchmarks',
  '.github',
]);
const source = /\.(?:[cm]?ts|tsx|map|tsbuildinfo)$/;

function walk(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const isPackage = entries.some((entry) => entry.name === 'package.json');
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name === '.bin' || (isPackage && unused.has(entry.name))) remove(path);
      else walk(path);
    } else if (source.test(entry.name)) remove(path);
  }
}
walk(modules);

// Source maps of the build: nothing in the image reads them.
for (const name of readdirSync(join(root, 'dist'), { recursive: true })) {
  if (source.test(name)) remove(join(root, 'dist', name));
}
