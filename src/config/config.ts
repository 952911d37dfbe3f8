import { join, resolve } from 'node:path';
import type { CountryCode } from 'libphonenumber-js';
import { databaseOf, type DatabaseConfig } from './database.js';
import { readEnvironment, type Reading } from './environment.js';
import { Findings } from './findings.js';
import { checkContradictions, checkSigningKey } from './rules.js';
import type { Values } from './settings.js';
import type { TrustProxy } from './trust-proxy.js';
import { warnOfTypos } from './typos.js';

export interface HttpConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly managementPort?: number;
  readonly trustProxy: TrustProxy;
  readonly corsOrigins: readonly string[];
  readonly docsEnabled: boolean;
  readonly shutdownDelay: number;
}

export interface TokensConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly accessTtl: number;
  /** Absolute path. */
  readonly signingKeysDir: string;
}

export interface SessionsConfig {
  readonly ttl: number;
  readonly idleTtl: number;
  readonly maxPerUser: number;
  /** How long rows of ended sessions are kept. */
  readonly retention: number;
}

export interface AuditConfig {
  /** How long events are kept. */
  readonly retention: number;
}

export interface PasswordsConfig {
  readonly minLength: number;
  readonly memoryKib: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

export interface HashingConfig {
  /** How many may wait for a free core. */
  readonly queue: number;
  readonly wait: number;
  /** Threads of libuv's pool, which hashing shares with files and DNS. */
  readonly threadPoolSize: number;
}

export interface BudgetsConfig {
  readonly accountAttempts: number;
  readonly addressAttempts: number;
  readonly signinWindow: number;
  readonly reauthAttempts: number;
  readonly renewAddressFailures: number;
}

export interface BootstrapConfig {
  readonly username: string;
  /** Unset: one is generated. */
  readonly password?: string;
}

/**
 * The environment, read once: typed, checked and frozen. A class, so that it names its own place in Nest's
 * container: `constructor(private readonly config: Config)`. All durations are in milliseconds.
 */
export abstract class Config {
  abstract readonly production: boolean;
  /** Absolute path. */
  abstract readonly dataDir: string;
  abstract readonly logLevel: Values['LOG_LEVEL'];
  abstract readonly defaultLanguage: Values['DEFAULT_LANGUAGE'];
  abstract readonly defaultPhoneRegion: CountryCode;
  abstract readonly migrate: Values['MIGRATE'];
  abstract readonly http: HttpConfig;
  abstract readonly database: DatabaseConfig;
  abstract readonly tokens: TokensConfig;
  abstract readonly sessions: SessionsConfig;
  abstract readonly audit: AuditConfig;
  abstract readonly passwords: PasswordsConfig;
  abstract readonly hashing: HashingConfig;
  abstract readonly budgets: BudgetsConfig;
  abstract readonly bootstrap: BootstrapConfig;
  /** What is allowed but probably not meant, one sentence each; the start logs them. */
  abstract readonly warnings: readonly string[];
}

/** The environment does not make a configuration. Every problem at once, one line each, without any secret. */
export class ConfigError extends Error {
  constructor(
    readonly problems: readonly string[],
    readonly warnings: readonly string[],
  ) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Rules of modules above this one, handed in because configuration stands at the bottom and imports none of them. */
export interface ConfigChecks {
  /**
   * @returns why the password policy refuses it, one clause each, empty when it does not; never quotes the password
   */
  readonly passwordRefusals?: (password: string, username: string, config: Config) => readonly string[];
}

/**
 * @param env the process environment; beyond it only the files that it names are read
 * @throws ConfigError naming every problem
 */
export function loadConfig(env: NodeJS.ProcessEnv, checks: ConfigChecks = {}): Config {
  const findings = new Findings();
  warnOfTypos(env, findings);
  const reading = readEnvironment(env, findings);
  // Node's own variable, read by libuv before we run; 4 is libuv's default.
  const threadPoolSize = Number(env['UV_THREADPOOL_SIZE']) || 4;
  const config = configOf(reading, threadPoolSize, findings);
  checkContradictions(reading, findings);
  if (config.production) checkSigningKey(config.tokens.signingKeysDir, findings);
  checkBootstrapPassword(config, checks, findings);

  const { problems, warnings } = findings;
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  return freezeDeep(config);
}

function configOf(reading: Reading, threadPoolSize: number, findings: Findings): Config {
  const { production, values } = reading;
  const dataDir = resolve(values.DATA_DIR);
  return {
    production,
    dataDir,
    logLevel: values.LOG_LEVEL,
    defaultLanguage: values.DEFAULT_LANGUAGE,
    defaultPhoneRegion: values.DEFAULT_PHONE_REGION,
    migrate: values.MIGRATE,
    http: {
      host: values.HOST,
      port: values.PORT,
      managementPort: values.MANAGEMENT_PORT,
      trustProxy: values.TRUST_PROXY,
      corsOrigins: values.CORS_ORIGINS ?? [],
      docsEnabled: values.DOCS_ENABLED,
      shutdownDelay: values.SHUTDOWN_DELAY,
    },
    database: databaseOf(reading, dataDir, findings),
    tokens: {
      issuer: values.TOKEN_ISSUER,
      audience: values.TOKEN_AUDIENCE,
      accessTtl: values.ACCESS_TOKEN_TTL,
      signingKeysDir: resolve(values.SIGNING_KEYS_DIR ?? join(dataDir, 'keys')),
    },
    sessions: {
      ttl: values.SESSION_TTL,
      idleTtl: Math.min(values.SESSION_IDLE_TTL, values.SESSION_TTL),
      maxPerUser: values.MAX_SESSIONS_PER_USER,
      retention: values.SESSION_RETENTION,
    },
    audit: { retention: values.AUDIT_RETENTION },
    passwords: {
      minLength: values.PASSWORD_MIN_LENGTH,
      memoryKib: values.ARGON2_MEMORY_KIB,
      timeCost: values.ARGON2_TIME_COST,
      parallelism: values.ARGON2_PARALLELISM,
    },
    hashing: { queue: values.HASH_QUEUE, wait: values.HASH_WAIT, threadPoolSize },
    budgets: {
      accountAttempts: values.SIGNIN_ACCOUNT_ATTEMPTS,
      addressAttempts: values.SIGNIN_ADDRESS_ATTEMPTS,
      signinWindow: values.SIGNIN_WINDOW,
      reauthAttempts: values.REAUTH_ATTEMPTS,
      renewAddressFailures: values.RENEW_ADDRESS_FAILURES,
    },
    bootstrap: { username: values.BOOTSTRAP_ADMIN_USERNAME, password: values.BOOTSTRAP_ADMIN_PASSWORD },
    warnings: findings.warnings,
  };
}

function checkBootstrapPassword(config: Config, checks: ConfigChecks, findings: Findings): void {
  const { username, password } = config.bootstrap;
  if (password === undefined || checks.passwordRefusals === undefined) return;
  for (const refusal of checks.passwordRefusals(password, username, config)) {
    findings.refuse('BOOTSTRAP_ADMIN_PASSWORD', `is refused: ${refusal}`);
  }
}

function freezeDeep<T extends object>(value: T): T {
  const parts: unknown[] = Object.values(value);
  for (const part of parts) if (typeof part === 'object' && part !== null) freezeDeep(part);
  return Object.freeze(value);
}
