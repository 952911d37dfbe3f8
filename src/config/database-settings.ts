import { X509Certificate } from 'node:crypto';
import { anyText, host, integer, isHost, kind, line, oneOf, port, type Kind, type Refuse } from './kinds.js';
import { readNamedFile } from './named-file.js';
import { optional, setting } from './setting.js';

/** Where a MySQL or MariaDB server is and who signs in there. */
export interface ServerAddress {
  readonly dialect: 'mysql' | 'mariadb';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly name: string;
}

const group = 'Database';

export const databaseSettings = {
  DATABASE_URL: optional(databaseUrl(), {
    group,
    unset: 'SQLite, in `DATA_DIR/gatehouse.sqlite`',
    secret: true,
    meaning:
      'The MySQL or MariaDB database, with special characters percent-encoded: `@` is `%40`, `%` is `%25`.',
    effect: 'Replicas can share the database. Give this or `DATABASE_HOST` and its parts, not both.',
  }),
  DATABASE_HOST: optional(host(), {
    group,
    unset: 'SQLite, unless `DATABASE_URL` is set',
    meaning: 'Host of the database, when it is given in parts.',
    effect: 'Needs `DATABASE_USER` and `DATABASE_NAME`.',
  }),
  DATABASE_DIALECT: setting(oneOf('mysql', 'mariadb'), {
    group,
    default: 'mysql',
    meaning: 'Which server `DATABASE_HOST` is.',
    effect: 'As the scheme of `DATABASE_URL`.',
  }),
  DATABASE_PORT: setting(port(1), {
    group,
    default: '3306',
    meaning: 'Port of `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`.',
  }),
  DATABASE_USER: optional(line(80), {
    group,
    unset: 'none',
    meaning: 'User name at `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`, and needed there.',
  }),
  DATABASE_PASSWORD: optional(anyText(), {
    group,
    unset: 'empty',
    secret: true,
    meaning: 'Password at `DATABASE_HOST`.',
    effect: 'Production refuses an empty one unless the host is the machine itself.',
  }),
  DATABASE_NAME: optional(line(64), {
    group,
    unset: 'none',
    meaning: 'Name of the database at `DATABASE_HOST`.',
    effect: 'Only with `DATABASE_HOST`, and needed there.',
  }),
  DATABASE_TLS: setting(oneOf('off', 'required', 'verify'), {
    group,
    default: 'off',
    meaning: 'TLS to the database.',
    effect:
      '`required` encrypts but takes any certificate; `verify` also checks the certificate and its host name.',
  }),
  DATABASE_CA: optional(certificates(), {
    group,
    unset: "the system's certificate authorities",
    meaning: 'Certificate authority of the database.',
    effect: 'Only with `DATABASE_TLS=verify`.',
  }),
  DATABASE_POOL_SIZE: setting(integer(1, 1_000), {
    group,
    default: '10',
    meaning: 'Most connections of one replica.',
    effect: 'Replicas × this must stay below the `max_connections` of the server.',
  }),
};

function databaseUrl(): Kind<ServerAddress> {
  return kind('a URL such as mysql://user:password@host:3306/name (or mariadb://)', (text, refuse) => {
    // The URL parser drops tabs and line breaks without a word; in a password they would be lost.
    if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return refuse();
    const url = new URL(text);
    const dialect = url.protocol.slice(0, -1);
    if (dialect !== 'mysql' && dialect !== 'mariadb') return refuse('must begin with mysql:// or mariadb://');
    if (text.includes('?') || text.includes('#')) {
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

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** PEM files often begin with comments, so the text counts as PEM wherever its first certificate begins. */
function certificates(): Kind<string> {
  return kind('PEM certificates, or the path of a file with them', (text, refuse) => {
    const pem = text.includes('-----BEGIN ') ? text : pemFile(text, refuse);
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    return blocks.length > 0 && blocks.every(isCertificate) ? pem : refuse('holds no valid PEM certificate');
  });
}

function pemFile(path: string, refuse: Refuse): string {
  try {
    return readNamedFile(path).toString();
  } catch {
    return refuse('names a file that cannot be read: give the path of a readable PEM file, or the PEM text');
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
