import { join, resolve } from 'node:path';
import { readNamedFile } from './environment.js';
import { line } from './kinds.js';
import { serviceConfig } from './service.config.js';
import { optional, slice } from './slice.js';

const settings = {
  keysFile: optional('KEYS_FILE', line(1_024), '`DATA_DIR/keys.json`', {
    meaning:
      'File of the keys that sign access tokens and seal what is stored or handed out: a private JWK set.',
    effect: 'A trial makes missing keys; production refuses to start without a current key of each use.',
  }),
};

export const keyringConfig = slice('keyring', 'Signing and sealing keys', settings, (values, environment) => {
  /** Absolute path. */
  const keysFile = resolve(values.keysFile ?? join(serviceConfig(environment).dataDir, 'keys.json'));
  const isComplete = holdsCurrentKeys(keysFile);
  if (environment.isGiven('SIGNING_KEYS_DIR')) {
    const first = isComplete
      ? ''
      : ' Run "npm run cli -- keys import-pem <folder>" to take its keys over into KEYS_FILE.';
    environment.warnings.push(`SIGNING_KEYS_DIR is no longer read.${first} Remove the setting.`);
  }
  // Production never makes a key by itself: two replicas would make two, and each refuse the tokens of the other.
  if (environment.production && !isComplete) {
    environment.refuse(
      'KEYS_FILE',
      `has no readable current key of each use (${keysFile}): mount the file, or run "npm run cli -- keys generate"`,
      ['DATA_DIR'],
    );
  }
  return { keysFile };
});

/** Only a first look, so that it is told with what else is wrong. The keyring checks every key when it reads them. */
function holdsCurrentKeys(file: string): boolean {
  try {
    const { keys }: { readonly keys?: unknown } = JSON.parse(readNamedFile(file).toString());
    return ['sig', 'enc'].every((use) => Array.isArray(keys) && keys.some((key) => isCurrent(key, use)));
  } catch {
    return false;
  }
}

function isCurrent(key: unknown, use: string): boolean {
  if (typeof key !== 'object' || key === null) return false;
  const found: { readonly use?: unknown; readonly status?: unknown } = key;
  return found.use === use && found.status === 'current';
}
