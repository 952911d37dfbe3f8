import { join } from 'node:path';
import type { Reading } from './environment.js';
import type { Findings } from './findings.js';
import type { ServerAddress } from './database-settings.js';
import { isLoopback } from './kinds.js';
import type { SettingName } from './settings.js';

export interface SqliteConfig {
  readonly kind: 'sqlite';
  /** Absolute path. */
  readonly file: string;
}

export interface MysqlConfig extends ServerAddress {
  readonly kind: 'mysql';
  readonly tls: 'off' | 'required' | 'verify';
  /** PEM text; without it, `verify` trusts the system's authorities. */
  readonly ca?: string;
  readonly poolSize: number;
}

export type DatabaseConfig = SqliteConfig | MysqlConfig;

/** Settings that mean nothing without `DATABASE_HOST`. */
const PARTS: readonly SettingName[] = [
  'DATABASE_DIALECT',
  'DATABASE_PORT',
  'DATABASE_USER',
  'DATABASE_PASSWORD',
  'DATABASE_NAME',
];
/** Settings that mean nothing without a database server. */
const SERVER_ONLY: readonly SettingName[] = ['DATABASE_TLS', 'DATABASE_CA', 'DATABASE_POOL_SIZE'];

export function databaseOf(reading: Reading, dataDir: string, findings: Findings): DatabaseConfig {
  const { values, given } = reading;
  const server = serverOf(reading, findings);
  if (server === undefined) {
    if (!given.has('DATABASE_URL') && !given.has('DATABASE_HOST')) {
      // Falling back to SQLite while someone described a server would look like lost data.
      for (const name of [...PARTS, ...SERVER_ONLY].filter((part) => given.has(part))) {
        findings.refuse(name, 'is set, but no database server is: set DATABASE_URL or DATABASE_HOST too');
      }
    }
    return { kind: 'sqlite', file: join(dataDir, 'gatehouse.sqlite') };
  }

  const tls = values.DATABASE_TLS;
  if (given.has('DATABASE_CA') && tls !== 'verify' && findings.trusts('DATABASE_CA', 'DATABASE_TLS')) {
    findings.refuse('DATABASE_CA', `is not looked at while DATABASE_TLS is ${tls}: set DATABASE_TLS=verify`);
  }
  if (reading.production && !isLoopback(server.host)) checkRemote(server, tls, given, findings);
  return { kind: 'mysql', ...server, tls, ca: values.DATABASE_CA, poolSize: values.DATABASE_POOL_SIZE };
}

function serverOf({ values, given }: Reading, findings: Findings): ServerAddress | undefined {
  if (given.has('DATABASE_URL')) {
    const also = (['DATABASE_HOST', ...PARTS] as const).filter((part) => given.has(part));
    if (also.length > 0) {
      findings.refuse('DATABASE_URL', `already says it all: remove it, or remove ${also.join(', ')}`);
    }
    return values.DATABASE_URL;
  }
  if (given.has('DATABASE_HOST')) {
    for (const name of ['DATABASE_USER', 'DATABASE_NAME'] as const) {
      if (!given.has(name)) findings.refuse(name, 'must be set together with DATABASE_HOST');
    }
  }
  if (values.DATABASE_HOST === undefined) return undefined;
  return {
    dialect: values.DATABASE_DIALECT,
    host: values.DATABASE_HOST,
    port: values.DATABASE_PORT,
    user: values.DATABASE_USER ?? '',
    password: values.DATABASE_PASSWORD ?? '',
    name: values.DATABASE_NAME ?? '',
  };
}

function checkRemote(
  server: ServerAddress,
  tls: MysqlConfig['tls'],
  given: ReadonlySet<SettingName>,
  findings: Findings,
): void {
  const name = given.has('DATABASE_URL') ? 'DATABASE_URL' : 'DATABASE_PASSWORD';
  if (server.password === '' && findings.trusts(name)) {
    findings.refuse(name, 'must hold a password: production takes an empty one only on the machine itself');
  }
  if (tls === 'off' && findings.trusts('DATABASE_TLS')) {
    findings.warn(
      'DATABASE_TLS is off, so what passes between here and the database can be read on the way: set required or verify.',
    );
  }
}
