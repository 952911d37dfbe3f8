import { readFileSync } from 'node:fs';

/** Sources and build lie at different depths below package.json. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version }: { version: string } = JSON.parse(
        readFileSync(new URL(path, import.meta.url), 'utf8'),
      );
      return version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}

export const VERSION = readVersion();
