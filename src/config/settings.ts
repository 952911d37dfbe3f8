import { databaseSettings } from './database-settings.js';
import * as kinds from './kinds.js';
import { optional, setting, type Setting } from './setting.js';
import { trustProxy } from './trust-proxy.js';

/**
 * Every setting, declared once: reading, the search for typing mistakes and docs/configuration.md all come from
 * here. A default is text as an operator would write it, and passes through the same check.
 */
export const settings = {
  NODE_ENV: optional(
    kinds.kind('production, or anything else', (text) => text),
    {
      group: 'Service',
      unset: 'a trial',
      meaning: 'Whether this is production; anything but that word is a trial.',
      effect: 'Production takes nothing for granted and refuses to start while something is unsafe.',
    },
  ),
  DATA_DIR: setting(kinds.line(1_024), {
    group: 'Service',
    default: './data',
    meaning: 'Folder for what Gatehouse writes itself.',
    effect: 'Holds the SQLite database and, unless `SIGNING_KEYS_DIR` says otherwise, the signing keys.',
  }),
  LOG_LEVEL: setting(kinds.oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'), {
    group: 'Service',
    default: 'info',
    meaning: 'Least serious entry that is logged.',
    effect: '`debug` and `trace` are long; `silent` hides failures too.',
  }),
  DEFAULT_LANGUAGE: setting(kinds.oneOf('en', 'zh-CN'), {
    group: 'Service',
    default: 'en',
    meaning: 'Language of messages when the client asks for none that we have.',
    effect: 'Changes `msg` only, never a code.',
  }),
  DEFAULT_PHONE_REGION: setting(kinds.country(), {
    group: 'Service',
    default: 'CN',
    meaning: 'Country in which national phone numbers are read.',
    effect: 'Stored numbers keep their country; only what is typed from now on is read differently.',
  }),
  MIGRATE: setting(kinds.oneOf('auto', 'off'), {
    group: 'Service',
    default: 'auto',
    meaning: 'Whether the server brings the database schema up to date when it starts.',
    effect: 'With `off`, run `npm run cli -- migrate up` before each new version.',
  }),
  SHUTDOWN_DELAY: setting(kinds.duration('0s', '5m'), {
    group: 'Service',
    default: '0s',
    meaning: 'Time between "not ready" and the end of listening, after SIGTERM.',
    effect: 'Give the load balancer time to look elsewhere; it adds to every shutdown.',
  }),

  HOST: setting(kinds.host(), {
    group: 'HTTP',
    default: { trial: '127.0.0.1', production: '0.0.0.0' },
    meaning: 'Address to listen on.',
    effect: '127.0.0.1 is reached from the same machine only.',
  }),
  PORT: setting(kinds.port(), {
    group: 'HTTP',
    default: '3000',
    meaning: 'Port of the API.',
    effect: '`0` takes any free port.',
  }),
  MANAGEMENT_PORT: optional(kinds.port(), {
    group: 'HTTP',
    unset: 'no second port',
    meaning: 'A second port, for `/health/*` and `/metrics`.',
    effect: 'In production `/metrics` is found only there, so without it there is none.',
  }),
  TRUST_PROXY: setting(trustProxy(), {
    group: 'HTTP',
    default: 'none',
    meaning: "Proxies in front whose forwarded headers tell the client's address.",
    effect:
      'Too little and all clients share one attempt limit; too much and a client can claim any address.',
  }),
  CORS_ORIGINS: optional(kinds.origins(), {
    group: 'HTTP',
    unset: 'no other origin',
    meaning: 'Web origins whose pages may call the API.',
    effect: 'Browsers refuse pages of any other origin.',
  }),
  DOCS_ENABLED: setting(kinds.boolean(), {
    group: 'HTTP',
    default: { trial: 'true', production: 'false' },
    meaning: 'Whether `/docs` and `/openapi.*` are served.',
    effect: 'Shows anyone who reaches the port what the API offers.',
  }),

  ...databaseSettings,

  TOKEN_ISSUER: setting(kinds.word(255), {
    group: 'Tokens',
    default: { trial: 'gatehouse', example: 'https://id.example.com' },
    meaning: '`iss` of access tokens.',
    effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
  }),
  TOKEN_AUDIENCE: setting(kinds.word(255), {
    group: 'Tokens',
    default: { trial: 'gatehouse', example: 'https://api.example.com' },
    meaning: '`aud` of access tokens.',
    effect: 'Services that verify tokens compare it; a change makes issued access tokens invalid.',
  }),
  ACCESS_TOKEN_TTL: setting(kinds.duration('1s', '30d'), {
    group: 'Tokens',
    default: '15m',
    meaning: 'Life of an access token.',
    effect: 'Services that verify offline notice an ended session this late, at most.',
  }),
  SIGNING_KEYS_DIR: optional(kinds.line(1_024), {
    group: 'Tokens',
    unset: '`DATA_DIR/keys`',
    meaning: 'Folder of the signing keys: `next-<kid>.pem`, `current-<kid>.pem`, `previous-<kid>.pem`.',
    effect: 'A trial makes a missing key; production refuses to start without a readable current one.',
  }),

  SESSION_TTL: setting(kinds.duration('1s', '3650d'), {
    group: 'Sessions',
    default: '30d',
    meaning: 'Life of a session, from the sign-in.',
    effect: 'After it the user signs in again, however active. Open sessions keep their end.',
  }),
  SESSION_IDLE_TTL: setting(kinds.duration('1s', '3650d'), {
    group: 'Sessions',
    default: '7d',
    meaning: 'How long a session lasts without use. Use is recorded to the minute.',
    effect: 'An unused device is signed out sooner. Where `SESSION_TTL` is shorter, that counts.',
  }),
  MAX_SESSIONS_PER_USER: setting(kinds.integer(1, 1_000_000), {
    group: 'Sessions',
    default: '20',
    meaning: 'Live sessions of one user.',
    effect: 'One more sign-in ends the oldest.',
  }),
  SESSION_RETENTION: setting(kinds.duration('1s', '3650d'), {
    group: 'Sessions',
    default: '30d',
    meaning: 'How long rows of ended sessions are kept.',
    effect: 'Longer keeps more to look back on, and a larger table.',
  }),

  AUDIT_RETENTION: setting(kinds.duration('1s', '36500d'), {
    group: 'Audit',
    default: '365d',
    meaning: 'How long audit events are kept.',
    effect: 'Older ones are removed for good, some thousands a minute.',
  }),

  PASSWORD_MIN_LENGTH: setting(kinds.integer(8, 128), {
    group: 'Passwords and hashing',
    default: '8',
    meaning: 'Shortest new password, in characters.',
    effect: 'Passwords set before stay valid.',
  }),
  ARGON2_MEMORY_KIB: setting(kinds.integer(19_456, 1_048_576), {
    group: 'Passwords and hashing',
    default: '19456',
    meaning: 'Memory of one password hash, in KiB (argon2id m).',
    effect:
      'Guessing a stolen hash costs more, and so does each sign-in. Weaker hashes renew at the sign-in.',
  }),
  ARGON2_TIME_COST: setting(kinds.integer(2, 20), {
    group: 'Passwords and hashing',
    default: '2',
    meaning: 'Passes over that memory (argon2id t).',
    effect: 'Each pass adds time to every sign-in.',
  }),
  ARGON2_PARALLELISM: setting(kinds.integer(1, 16), {
    group: 'Passwords and hashing',
    default: '1',
    meaning: 'Lanes of one hash (argon2id p).',
    effect: 'More than 1 helps only where cores are idle.',
  }),
  HASH_QUEUE: setting(kinds.integer(0, 100_000), {
    group: 'Passwords and hashing',
    default: '64',
    meaning: 'Sign-ins that may wait for a free core.',
    effect: 'One more is answered 503 at once.',
  }),
  // A connection on which nothing happens for 26 s is closed, see `platform/http/http-layer.ts`.
  HASH_WAIT: setting(kinds.duration('0s', '20s'), {
    group: 'Passwords and hashing',
    default: '1s',
    meaning: 'How long one may wait there.',
    effect: 'After it the answer is 503.',
  }),

  SIGNIN_ACCOUNT_ATTEMPTS: setting(kinds.integer(1, 1_000_000_000), {
    group: 'Attempt limits',
    default: '20',
    meaning: 'Failed sign-ins of one account within `SIGNIN_WINDOW`.',
    effect: 'Further ones are answered 429 until the wait is over.',
  }),
  SIGNIN_ADDRESS_ATTEMPTS: setting(kinds.integer(1, 1_000_000_000), {
    group: 'Attempt limits',
    default: '300',
    meaning: 'The same for one client address (IPv4 address or IPv6 /64), over all accounts.',
    effect: 'An office behind one address shares it.',
  }),
  SIGNIN_WINDOW: setting(kinds.duration('1s', '30d'), {
    group: 'Attempt limits',
    default: '15m',
    meaning: 'Time after the last admitted attempt in which all attempts are forgotten.',
    effect: 'Longer slows guessing, and keeps an unlucky user out longer.',
  }),
  REAUTH_ATTEMPTS: setting(kinds.integer(1, 1_000_000_000), {
    group: 'Attempt limits',
    default: '10',
    meaning: 'Wrong current passwords of one signed-in user who changes the password.',
    effect: 'Apart from sign-in: it locks nobody out.',
  }),
  RENEW_ADDRESS_FAILURES: setting(kinds.integer(1, 1_000_000_000), {
    group: 'Attempt limits',
    default: '300',
    meaning: 'Unknown or ended refresh tokens from one client address.',
    effect: 'A live refresh token is never limited.',
  }),

  BOOTSTRAP_ADMIN_USERNAME: setting(
    kinds.pattern(
      '3 to 32 letters, digits, dots, hyphens and underscores, a letter first',
      /^[a-z][a-z0-9._-]{2,31}$/i,
    ),
    {
      group: 'First administrator',
      default: 'admin',
      meaning: 'User name of the administrator that a trial makes while there is no user at all.',
      effect: 'None once there is a user.',
    },
  ),
  BOOTSTRAP_ADMIN_PASSWORD: optional(kinds.anyText(), {
    group: 'First administrator',
    unset: 'generated, and printed once',
    secret: true,
    meaning: "That administrator's password. It is never printed.",
    effect: 'One that the password policy refuses stops the start.',
  }),
};

export type SettingName = keyof typeof settings;

/** Every setting as its own type, before it is put in its group. */
export type Values = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never;
};

function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(settings, text);
}

export const settingNames: readonly SettingName[] = Object.keys(settings).filter(isSettingName);
