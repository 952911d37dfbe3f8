import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Environment } from './environment.js';
import { duration, line, word } from './kinds.js';
import { readNamedFile } from './named-file.js';
import { serviceConfig } from './service.config.js';
import { optional, setting } from './setting.js';
import { slice } from './slice.js';

const schema = z.object({
  issuer: setting(
    'TOKEN_ISSUER',
    word(255),
    { trial: 'gatehouse', example: 'https://id.example.com' },
    {
      meaning: '`iss` of access tokens.',
      effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
    },
  ),
  audience: setting(
    'TOKEN_AUDIENCE',
    word(255),
    { trial: 'gatehouse', example: 'https://api.example.com' },
    {
      meaning: '`aud` of access tokens.',
      effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
    },
  ),
  accessTtl: setting('ACCESS_TOKEN_TTL', duration('1s', '30d'), '15m', {
    meaning: 'Life of an access token.',
    effect: 'Services that verify offline notice an ended session this late, at most.',
  }),
  signingKeysDir: optional('SIGNING_KEYS_DIR', line(1_024), '`DATA_DIR/keys`', {
    meaning: 'Folder of the signing keys: `next-<kid>.pem`, `current-<kid>.pem`, `previous-<kid>.pem`.',
    effect: 'A trial makes a missing key; production refuses to start without a readable current one.',
  }),
});

export const tokensConfig = slice(
  'tokens',
  { title: 'Tokens', schema },
  ({ signingKeysDir, ...values }, environment) => ({
    ...values,
    /** Absolute path. */
    signingKeysDir: resolve(signingKeysDir ?? join(serviceConfig(environment).dataDir, 'keys')),
  }),
);

/** Production never makes a key by itself: two replicas would make two, and each refuse the tokens of the other. */
export function checkSigningKey(directory: string, environment: Environment): void {
  if (!environment.trusts('SIGNING_KEYS_DIR', 'DATA_DIR') || hasCurrentKey(directory)) return;
  environment.refuse(
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
