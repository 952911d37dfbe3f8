import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readNamedFile } from './environment.js';
import { duration, line, word } from './kinds.js';
import { serviceConfig } from './service.config.js';
import { optional, setting, slice } from './slice.js';

const settings = {
  issuer: setting('TOKEN_ISSUER', word(255), 'gatehouse', {
    example: 'https://id.example.com',
    meaning: '`iss` of access tokens.',
    effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
  }),
  audience: setting('TOKEN_AUDIENCE', word(255), 'gatehouse', {
    example: 'https://api.example.com',
    meaning: '`aud` of access tokens.',
    effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
  }),
  accessTtl: setting('ACCESS_TOKEN_TTL', duration('1s', '30d'), '15m', {
    meaning: 'Life of an access token.',
    effect: 'Services that verify offline notice an ended session this late, at most.',
  }),
  signingKeysDir: optional('SIGNING_KEYS_DIR', line(1_024), '`DATA_DIR/keys`', {
    meaning: 'Folder of the signing keys: `next-<kid>.pem`, `current-<kid>.pem`, `previous-<kid>.pem`.',
    effect: 'A trial makes a missing key; production refuses to start without a readable current one.',
  }),
};

export const tokensConfig = slice('tokens', 'Tokens', settings, (values, environment) => {
  /** Absolute path. */
  const signingKeysDir = resolve(values.signingKeysDir ?? join(serviceConfig(environment).dataDir, 'keys'));
  // Production never makes a key by itself: two replicas would make two, and each refuse the tokens of the other.
  if (environment.production && !holdsCurrentKey(signingKeysDir)) {
    environment.refuse(
      'SIGNING_KEYS_DIR',
      `has no readable current-<kid>.pem (${signingKeysDir}): mount the keys there, or run "npm run cli -- keys generate"`,
      ['DATA_DIR'],
    );
  }
  return { ...values, signingKeysDir };
});

function holdsCurrentKey(directory: string): boolean {
  try {
    const current = readdirSync(directory).filter((name) => /^current-.+\.pem$/.test(name));
    return current.some((name) => readNamedFile(join(directory, name)).length > 0);
  } catch {
    return false;
  }
}
