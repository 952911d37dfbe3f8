import { join } from 'node:path';
import { z } from 'zod';
import { certificates } from './certificates.js';
import type { Environment } from './environment.js';
import { host, integer, isLoopback, line, oneOf, port, text } from './kinds.js';
import { serviceConfig } from './service.config.js';
import { optional, setting, slice } from './slice.js';

/** Where a MySQL or MariaDB server is and who signs in there, as the parts of a URL say it. */
const server = z.object({
  dialect: oneOf('mysql', 'mariadb'),
  host: host(),
  port: port(1),
  user: line(80),
  password: text(),
  name: line(64),
});

type Server = z.output<typeof server>;

const settings = {
  url: optional(
    'DATABASE_URL',
    z
      .string()
      .regex(/^(?:mysql|mariadb):\/\//, 'must begin with mysql:// or mariadb://')
      .regex(/^[^?#]*$/, 'takes no ? and no #: write them as %3F and %23; options are settings of their own')
      .regex(/^(?:[^%]|%[0-9a-f]{2})*$/i, 'has a % that encodes nothing: write % itself as %25')
      .transform(partsOfUrl)
      .pipe(server)
      .describe('a URL such as mysql://user:password@host:3306/name (or mariadb://)'),
    'SQLite, in `DATA_DIR/gatehouse.sqlite`',
    {
      secret: true,
      meaning:
        'The MySQL or MariaDB database, with special characters percent-encoded: `@` is `%40`, `%` is `%25`.',
      effect: 'Replicas can share the database. Give this or `DATABASE_HOST` and its parts, not both.',
    },
  ),
  host: optional('DATABASE_HOST', server.shape.host, 'SQLite, unless `DATABASE_URL` is set', {
    meaning: 'Host of the database, when it is given in parts.',
    effect: 'Needs `DATABASE_USER` and `DATABASE_NAME`.',
  }),
  dialect: setting('DATABASE_DIALECT', server.shape.dialect, 'mysql', {
    meaning: 'Which server `DATABASE_HOST` is.',
    effect: 'As the scheme of `DATABASE_URL`.',
  }),
  port: setting('DATABASE_PORT', server.shape.port, '3306', {
    meaning: 'Port of `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`.',
  }),
  user: optional('DATABASE_USER', server.shape.user, 'none', {
    meaning: 'User name at `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`, and needed there.',
  }),
  password: optional('DATABASE_PASSWORD', server.shape.password, 'empty', {
    secret: true,
    meaning: 'Password at `DATABASE_HOST`.',
    effect: 'Production refuses an empty one unless the host is the machine itself.',
  }),
  name: optional('DATABASE_NAME', server.shape.name, 'none', {
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
};

type Values = z.output<z.ZodObject<typeof settings>>;

export interface SqliteConfig {
  readonly kind: 'sqlite';
  /** Absolute path. */
  readonly file: string;
}

export interface MysqlConfig extends Readonly<Server> {
  readonly kind: 'mysql';
  readonly tls: Values['tls'];
  /** PEM text; without it, `verify` trusts the system's authorities. */
  readonly ca?: string | undefined;
  readonly poolSize: number;
}

export type DatabaseConfig = SqliteConfig | MysqlConfig;

/** Settings that mean nothing without `DATABASE_HOST`. */
const PARTS = ['DATABASE_DIALECT', 'DATABASE_PORT', 'DATABASE_USER', 'DATABASE_PASSWORD', 'DATABASE_NAME'];
/** Settings that mean nothing without a database server. */
const SERVER_ONLY = ['DATABASE_TLS', 'DATABASE_CA', 'DATABASE_POOL_SIZE'];

export const databaseConfig = slice(
  'database',
  'Database',
  settings,
  (values, environment): DatabaseConfig => {
    const found = serverOf(values, environment);
    if (found === undefined) {
      return { kind: 'sqlite', file: join(serviceConfig(environment).dataDir, 'gatehouse.sqlite') };
    }
    const { tls, ca, poolSize } = values;
    if (tls !== 'verify' && ca !== undefined) {
      const sentence = `is not looked at while DATABASE_TLS is ${tls}: set DATABASE_TLS=verify`;
      environment.refuse('DATABASE_CA', sentence, ['DATABASE_TLS']);
    }
    if (environment.production && !isLoopback(found.host)) checkRemote(found, tls, environment);
    return { kind: 'mysql', ...found, tls, ca, poolSize };
  },
);

function serverOf(values: Values, environment: Environment): Server | undefined {
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
  const { dialect, host: found, port: at, user = '', password = '', name = '' } = values;
  return found === undefined ? undefined : { dialect, host: found, port: at, user, password, name };
}

function checkRemote({ password }: Server, tls: Values['tls'], environment: Environment): void {
  if (password === '') {
    environment.refuse(
      environment.isGiven('DATABASE_URL') ? 'DATABASE_URL' : 'DATABASE_PASSWORD',
      'must hold a password: production takes an empty one only on the machine itself',
    );
  }
  if (tls === 'off') {
    environment.warnings.push(
      'DATABASE_TLS is off, so what passes between here and the database can be read on the way: set required or verify.',
    );
  }
}

function partsOfUrl(given: string): Record<string, string | undefined> | undefined {
  // The URL parser drops tabs and line breaks without a word; in a password they would be lost.
  const url = /[\s\p{Cc}]/u.test(given) ? null : URL.parse(given);
  if (url?.pathname.lastIndexOf('/') !== 0) return undefined;
  try {
    const { username, password, pathname, port: at } = url;
    const [user, secret, name] = [username, password, pathname.slice(1)].map(decodeURIComponent);
    const [dialect, address] = [url.protocol.slice(0, -1), url.hostname.replace(/^\[(.*)\]$/, '$1')];
    return { dialect, host: address, port: at || '3306', user, password: secret, name };
  } catch {
    // What is encoded is not UTF-8.
    return undefined;
  }
}
