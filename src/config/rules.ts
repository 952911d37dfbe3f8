import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Reading } from './environment.js';
import type { Findings } from './findings.js';
import { readNamedFile } from './named-file.js';
import type { SettingName, Values } from './settings.js';

interface Contradiction {
  /** The setting to change first, then those that it disagrees with. */
  readonly names: readonly [SettingName, ...SettingName[]];
  readonly when: (values: Values) => boolean;
  readonly problem: string;
}

const contradictions: readonly Contradiction[] = [
  {
    names: ['MANAGEMENT_PORT', 'PORT'],
    when: (v) => v.MANAGEMENT_PORT === v.PORT && v.PORT !== 0,
    problem: 'is the same as PORT: choose another port',
  },
];

/** Refuses settings that are each valid but not together. */
export function checkContradictions({ production, given, values }: Reading, findings: Findings): void {
  for (const { names, when, problem } of contradictions) {
    if (findings.trusts(...names) && when(values)) findings.refuse(names[0], problem);
  }
  // A trial may set just one of the two, and the shorter counts; in production two that disagree are a mistake.
  const bothGiven = given.has('SESSION_IDLE_TTL') && given.has('SESSION_TTL');
  if (production && bothGiven && values.SESSION_IDLE_TTL > values.SESSION_TTL) {
    findings.refuse('SESSION_IDLE_TTL', 'is longer than SESSION_TTL: shorten it, or lengthen SESSION_TTL');
  }
}

/** Production never makes a key by itself: two replicas would make two, and each refuse the tokens of the other. */
export function checkSigningKey(directory: string, findings: Findings): void {
  if (!findings.trusts('SIGNING_KEYS_DIR', 'DATA_DIR') || hasCurrentKey(directory)) return;
  findings.refuse(
    'SIGNING_KEYS_DIR',
    `has no readable current-<kid>.pem (${directory}): mount the keys there, or run "npm run cli -- keys generate"`,
  );
}

function hasCurrentKey(directory: string): boolean {
  try {
    return readdirSync(directory)
      .filter((name) => /^current-.+\.pem$/.test(name))
      .some((name) => isReadable(join(directory, name)));
  } catch {
    return false;
  }
}

function isReadable(file: string): boolean {
  try {
    return readNamedFile(file).length > 0;
  } catch {
    return false;
  }
}
