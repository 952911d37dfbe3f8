import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { problemsOf } from './config.testing.js';

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIULRSSyepuoiAolsKZiNBabSRLk2gwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjIxMTQ0MzNaGA8yMTI2MTAyOTEx
NDQzM1owEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABOCiAbzB1NiQ60Fh6hbPOccF5GSukAwW0C1Gsk0m2GUBfmqca186aRNsNi0I
4asZqPCXMvnAj1KRkyk/26MoLr2jUzBRMB0GA1UdDgQWBBQ5+F0swaS1EvgIMI3b
CnskUC/NVDAfBgNVHSMEGDAWgBQ5+F0swaS1EvgIMI3bCnskUC/NVDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIBHS0a87x/o8DRqBCmOr6X3GOjlJ
mQ3PEdk4ORHq3SUmAiEAxGPAkNsvo714NvWG0Hjpp7T2VD4OOV3iUv43u2qbkG4=
-----END CERTIFICATE-----
`;
const URL_ONLY = { DATABASE_URL: 'mysql://u:p@db/name' };

describe('DATABASE_URL', () => {
  it.each([
    ['mysql://u:p@[::1]:3306/db', { host: '::1', port: 3306, user: 'u', password: 'p', name: 'db' }],
    ['mysql://u:p%40s%2Fs%25%23@db/my%20db', { host: 'db', port: 3306, password: 'p@s/s%#', name: 'my db' }],
    ['mysql://u:p@ss@db/name', { host: 'db', user: 'u', password: 'p@ss' }],
    ['mariadb://%C3%BC@127.0.0.1:3307/db', { dialect: 'mariadb', port: 3307, user: 'ü', password: '' }],
  ])('%s is read with its parts decoded', (url, expected) => {
    expect(loadConfig({ DATABASE_URL: url }).database).toMatchObject({
      kind: 'mysql',
      tls: 'off',
      poolSize: 10,
      ...expected,
    });
  });

  it.each([
    'postgres://u:hunter2@db/name',
    'hunter2',
    'mysql:u:hunter2@db/name',
    'mysql://u:hunter2@db',
    'mysql://u:hunter2@db/',
    'mysql://u:hunter2@db/a/b',
    'mysql://:hunter2@db/name',
    'mysql://u:hunter2@/name',
    'mysql://u:hunter2@db:0/name',
    'mysql://u:hunter2@db:99999/name',
    'mysql://u:hunter2@db/name?ssl=true',
    'mysql://u:hunter2@db/name?',
    'mysql://u:hunter2@db/name#x',
    'mysql://u:hunter2#@db/name',
    'mysql://u:hunter2%zz@db/name',
    'mysql://u:hunter2@d%62/name',
    'mysql://u:hunter2\n@db/name',
    ' mysql://u:hunter2@db/name',
  ])('refuses %j without repeating it', (url) => {
    const problems = problemsOf({ DATABASE_URL: url, DATABASE_TLS: 'required' });
    expect(problems).toEqual([expect.stringMatching(/^DATABASE_URL /)]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each([
    ['postgres://u:hunter2@db/name', 'must begin with mysql:// or mariadb://'],
    ['mysql://u:hunter2#@db/name', 'takes no ? and no #'],
    ['mysql://u:hunter2@db/name?ssl=true', 'takes no ? and no #'],
    ['mysql://u:hunter2%zz@db/name', 'has a % that encodes nothing'],
    ['mysql://u:hunter2%', 'has a % that encodes nothing'],
  ])('says of %j that it %s', (url, problem) => {
    expect(problemsOf({ DATABASE_URL: url })).toEqual([expect.stringContaining(`DATABASE_URL ${problem}`)]);
  });

  it.each(['DATABASE_HOST', 'DATABASE_PASSWORD', 'DATABASE_DIALECT'])(
    'is refused together with %s',
    (part) => {
      expect(problemsOf({ ...URL_ONLY, [part]: 'mysql' })).toEqual([
        `DATABASE_URL already says it all: remove it, or remove ${part}.`,
      ]);
    },
  );
});

describe('DATABASE_HOST', () => {
  const parts = { DATABASE_HOST: 'db', DATABASE_USER: 'u', DATABASE_NAME: 'n' };

  it('is read with its parts, taken as they are', () => {
    expect(
      loadConfig({ ...parts, DATABASE_DIALECT: 'mariadb', DATABASE_PASSWORD: ' p%40' }).database,
    ).toEqual({
      kind: 'mysql',
      dialect: 'mariadb',
      host: 'db',
      port: 3306,
      user: 'u',
      password: ' p%40',
      name: 'n',
      tls: 'off',
      poolSize: 10,
    });
  });

  it('needs a user and a name', () => {
    expect(problemsOf({ DATABASE_HOST: 'db' })).toEqual([
      'DATABASE_USER must be set together with DATABASE_HOST.',
      'DATABASE_NAME must be set together with DATABASE_HOST.',
    ]);
  });

  it.each(['DATABASE_PORT', 'DATABASE_USER', 'DATABASE_PASSWORD', 'DATABASE_NAME', 'DATABASE_POOL_SIZE'])(
    'is missed when %s is set alone, rather than SQLite taken',
    (part) => {
      expect(problemsOf({ [part]: '12' })).toEqual([
        expect.stringMatching(`^${part} is set, but no database server is`),
      ]);
    },
  );

  it('is missed when TLS is asked for', () => {
    expect(problemsOf({ DATABASE_TLS: 'verify' })).toHaveLength(1);
  });

  it('does not repeat a URL that was meant for DATABASE_URL', () => {
    const problems = problemsOf({ ...parts, DATABASE_HOST: 'mysql://u:hunter2@db/name' });
    expect(problems).toEqual([
      'DATABASE_HOST must be an IP address or a host name, without brackets and port.',
    ]);
  });

  it('and its password show in no message', () => {
    const env = {
      ...parts,
      DATABASE_PASSWORD: 'hunter2',
      DATABASE_PORT: '0',
      DATABASE_TLS: 'on',
      DATABASE_CA: 'x',
    };
    const problems = problemsOf(env);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('DATABASE_CA', () => {
  it('takes PEM text, with comments before it too', () => {
    const ca = `# our own\n${CERTIFICATE}${CERTIFICATE}`;
    expect(loadConfig({ ...URL_ONLY, DATABASE_TLS: 'verify', DATABASE_CA: ca }).database).toMatchObject({
      tls: 'verify',
      ca,
    });
  });

  it('takes a path, with or without _FILE', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'));
    const path = join(folder, 'ca.pem');
    writeFileSync(path, CERTIFICATE);
    const env = { ...URL_ONLY, DATABASE_TLS: 'verify' };
    expect(loadConfig({ ...env, DATABASE_CA: path }).database).toMatchObject({ ca: CERTIFICATE });
    expect(loadConfig({ ...env, DATABASE_CA_FILE: path }).database).toMatchObject({
      ca: CERTIFICATE.trimEnd(),
    });
    rmSync(folder, { recursive: true });
  });

  it.each(['off', 'required'])('is refused while DATABASE_TLS is %s', (tls) => {
    expect(problemsOf({ ...URL_ONLY, DATABASE_TLS: tls, DATABASE_CA: CERTIFICATE })).toEqual([
      `DATABASE_CA is not looked at while DATABASE_TLS is ${tls}: set DATABASE_TLS=verify.`,
    ]);
  });

  it('tells a file that cannot be read from one without certificates', () => {
    const env = { ...URL_ONLY, DATABASE_TLS: 'verify' };
    expect(problemsOf({ ...env, DATABASE_CA: '/no/such/ca.pem' })).toEqual([
      'DATABASE_CA names a file that cannot be read: give the path of a readable PEM file, or the PEM text.',
    ]);
    expect(problemsOf({ ...env, DATABASE_CA: 'package.json' })).toEqual([
      'DATABASE_CA holds no valid PEM certificate.',
    ]);
  });

  it.each(['/no/such/ca.pem', CERTIFICATE.replace('MIIB', 'AAAA'), '-----BEGIN PRIVATE KEY-----\nhunter2'])(
    'is refused when it is no certificate (%#), without repeating it',
    (ca) => {
      const problems = problemsOf({ ...URL_ONLY, DATABASE_TLS: 'verify', DATABASE_CA: ca });
      expect(problems).toEqual([expect.stringMatching(/^DATABASE_CA /)]);
      expect(problems.join()).not.toContain('hunter2');
    },
  );
});
