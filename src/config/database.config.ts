import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Environment } from './environment.js';
import { host, integer, isHost, isLoopback, kind, line, oneOf, port, text, type Kind } from './kinds.js';
import { readNamedFile } from './named-file.js';
import { serviceConfig } from './service.config.js';
import { optional, setting } from './setting.js';
import { slice } from './slice.js';

/** Where a MySQL or MariaDB server is and who signs in there. */
interface ServerAddress {
  readonly dialect: 'mysql' | 'mariadb';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly name: string;
}

const schema = z.object({
  url: optional('DATABASE_URL', databaseUrl(), 'SQLite, in `DATA_DIR/gatehouse.sqlite`', {
    secret: true,
    meaning:
      'The MySQL or MariaDB database, with special characters percent-encoded: `@` is `%40`, `%` is `%25`.',
    effect: 'Replicas can share the database. Give this or `DATABASE_HOST` and its parts, not both.',
  }),
  host: optional('DATABASE_HOST', host(), 'SQLite, unless `DATABASE_URL` is set', {
    meaning: 'Host of the database, when it is given in parts.',
    effect: 'Needs `DATABASE_USER` and `DATABASE_NAME`.',
  }),
  dialect: setting('DATABASE_DIALECT', oneOf('mysql', 'mariadb'), 'mysql', {
    meaning: 'Which server `DATABASE_HOST` is.',
    effect: 'As the scheme of `DATABASE_URL`.',
  }),
  port: setting('DATABASE_PORT', port(1), '3306', {
    meaning: 'Port of `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`.',
  }),
  user: optional('DATABASE_USER', line(80), 'none', {
    meaning: 'User name at `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`, and needed there.',
  }),
  password: optional('DATABASE_PASSWORD', text(), 'empty', {
    secret: true,
    meaning: 'Password at `DATABASE_HOST`.',
    effect: 'Production refuses an empty one unless the host is the machine itself.',
  }),
  name: optional('DATABASE_NAME', line(64), 'none', {
    meaning: 'Name of the database at `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`, and needed there.',
  }),
  tls: setting('DATABASE_TLS', oneOf('off', 'required', 'verify'), 'off', {
    meaning: 'TLS to the database.',
    effect:
      '`required` encrypts but takes any certificate; `verify` also checks the certificate and its host name.',
  }),
  ca: optional('DATABASE_CA', certificates(), "the system's certificate authorities", {
    meaning: 'Certificate authority of the database.',
    effect: 'Only with `DATABASE_TLS=verify`.',
  }),
  poolSize: setting('DATABASE_POOL_SIZE', integer(1, 1_000), '10', {
    meaning: 'Most connections of one replica.',
    effect: 'Replicas × this must stay below the `max_connections` of the server.',
  }),
});

type Values = z.output<typeof schema>;

export interface SqliteConfig {
  readonly kind: 'sqlite';
  /** Absolute path. */
  readonly file: string;
}

export interface MysqlConfig extends ServerAddress {
  readonly kind: 'mysql';
  readonly tls: Values['tls'];
  /** PEM text; without it, `verify` trusts the system's authorities. */
  readonly ca: string | undefined;
  readonly poolSize: number;
}

export type DatabaseConfig = SqliteConfig | MysqlConfig;

/** Settings that mean nothing without `DATABASE_HOST`. */
const PARTS = ['DATABASE_DIALECT', 'DATABASE_PORT', 'DATABASE_USER', 'DATABASE_PASSWORD', 'DATABASE_NAME'];
/** Settings that mean nothing without a database server. */
const SERVER_ONLY = ['DATABASE_TLS', 'DATABASE_CA', 'DATABASE_POOL_SIZE'];

export const databaseConfig = slice(
  'database',
  { title: 'Database', schema, besideSecrets: true },
  (values, environment): DatabaseConfig => {
    const server = serverOf(values, environment);
    if (server === undefined) {
      return { kind: 'sqlite', file: join(serviceConfig(environment).dataDir, 'gatehouse.sqlite') };
    }
    const { tls, ca, poolSize } = values;
    if (tls !== 'verify' && environment.isGiven('DATABASE_CA')) {
      if (environment.trusts('DATABASE_CA', 'DATABASE_TLS')) {
        environment.refuse(
          'DATABASE_CA',
          `is not looked at while DATABASE_TLS is ${tls}: set DATABASE_TLS=verify`,
        );
      }
    }
    if (environment.production && !isLoopback(server.host)) checkRemote(server, tls, environment);
    return { kind: 'mysql', ...server, tls, ca, poolSize };
  },
);

function serverOf(values: Values, environment: Environment): ServerAddress | undefined {
  const given = (names: readonly string[]) => names.filter((name) => environment.isGiven(name));
  if (environment.isGiven('DATABASE_URL')) {
    const also = given(['DATABASE_HOST', ...PARTS]);
    if (also.length > 0) {
      environment.refuse('DATABASE_URL', `already says it all: remove it, or remove ${also.join(', ')}`);
    }
    return values.url;
  }
  if (!environment.isGiven('DATABASE_HOST')) {
    // Falling back to SQLite while someone described a server would look like lost data.
    for (const name of given([...PARTS, ...SERVER_ONLY])) {
      environment.refuse(name, 'is set, but no database server is: set DATABASE_URL or DATABASE_HOST too');
    }
    return undefined;
  }
  for (const name of ['DATABASE_USER', 'DATABASE_NAME']) {
    if (!environment.isGiven(name)) environment.refuse(name, 'must be set together with DATABASE_HOST');
  }
  const { dialect, host: server, port: at, user = '', password = '', name = '' } = values;
  return server === undefined ? undefined : { dialect, host: server, port: at, user, password, name };
}

function checkRemote(server: ServerAddress, tls: Values['tls'], environment: Environment): void {
  const name = environment.isGiven('DATABASE_URL') ? 'DATABASE_URL' : 'DATABASE_PASSWORD';
  if (server.password === '' && environment.trusts(name)) {
    environment.refuse(
      name,
      'must hold a password: production takes an empty one only on the machine itself',
    );
  }
  if (tls === 'off' && environment.trusts('DATABASE_TLS')) {
    environment.warn(
      'DATABASE_TLS is off, so what passes between here and the database can be read on the way: set required or verify.',
    );
  }
}

function databaseUrl(): Kind<ServerAddress> {
  return kind('a URL such as mysql://user:password@host:3306/name (or mariadb://)', (given, refuse) => {
    // The URL parser drops tabs and line breaks without a word; in a password they would be lost.
    const url = /[\s\p{Cc}]/u.test(given) ? null : URL.parse(given);
    if (url === null) return refuse();
    const dialect = url.protocol.slice(0, -1);
    if (dialect !== 'mysql' && dialect !== 'mariadb') return refuse('must begin with mysql:// or mariadb://');
    if (given.includes('?') || given.includes('#')) {
      return refuse(
        'takes no ? and no #: write them as %3F and %23 in a password; options are settings of their own',
      );
    }
    const server = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (!isHost(server) || url.port === '0') return refuse();
    const [user, password, name] = [url.username, url.password, url.pathname.slice(1)].map(percentDecoded);
    if (user === undefined || password === undefined || name === undefined) {
      return refuse('has a % that encodes nothing: write % itself as %25');
    }
    if (user === '') return refuse('must name a user: mysql://user:password@host:3306/name');
    if (name === '' || url.pathname.slice(1).includes('/')) {
      return refuse('must name one database after the host: mysql://user:password@host:3306/name');
    }
    return { dialect, host: server, port: url.port === '' ? 3306 : Number(url.port), user, password, name };
  });
}

function percentDecoded(given: string): string | undefined {
  try {
    return decodeURIComponent(given);
  } catch {
    return undefined;
  }
}

/** PEM files often begin with comments, so the text counts as PEM wherever its first certificate begins. */
function certificates(): Kind<string> {
  return kind('PEM certificates, or the path of a file with them', (given, refuse) => {
    const pem = given.includes('-----BEGIN ') ? given : contentOf(given);
    if (pem === undefined) {
      return refuse(
        'names a file that cannot be read: give the path of a readable PEM file, or the PEM text',
      );
    }
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    return blocks.length > 0 && blocks.every(isCertificate) ? pem : refuse('holds no valid PEM certificate');
  });
}

function contentOf(path: string): string | undefined {
  try {
    return readNamedFile(path).toString();
  } catch {
    return undefined;
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
