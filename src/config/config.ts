import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { auditConfig } from './audit.config.js';
import { bootstrapConfig } from './bootstrap.config.js';
import { budgetsConfig } from './budgets.config.js';
import { databaseConfig } from './database.config.js';
import { Environment } from './environment.js';
import { httpConfig } from './http.config.js';
import { passwordsConfig } from './passwords.config.js';
import { serviceConfig } from './service.config.js';
import { sessionsConfig } from './sessions.config.js';
import { settingsOf } from './setting.js';
import { checkSigningKey, tokensConfig } from './tokens.config.js';
import { warnOfTypos } from './typos.js';

/** Every slice, in the order of docs/configuration.md. */
export const slices = {
  service: serviceConfig,
  http: httpConfig,
  database: databaseConfig,
  tokens: tokensConfig,
  sessions: sessionsConfig,
  audit: auditConfig,
  passwords: passwordsConfig,
  budgets: budgetsConfig,
  bootstrap: bootstrapConfig,
};

export const settingNames: readonly string[] = Object.values(slices).flatMap(({ section }) =>
  [...settingsOf(section.schema).values()].map(({ name }) => name),
);

type Slices = { readonly [Name in keyof typeof slices]: ReturnType<(typeof slices)[Name]> };

/** The environment, read once: typed, checked and frozen. All durations are in milliseconds. */
export interface Config extends Slices {
  /** What is allowed but probably not meant, one sentence each; the start logs them. */
  readonly warnings: readonly string[];
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
  /** @returns why the password policy refuses it, one clause each, empty when it does not; never quotes the password */
  readonly passwordRefusals?: (password: string, username: string, config: Config) => readonly string[];
}

/**
 * Called before Nest starts, which would print each problem twice and with a stack.
 *
 * @param env the process environment; beyond it only the files that it names are read
 * @throws ConfigError naming every problem
 */
export function loadConfig(env?: NodeJS.ProcessEnv, checks: ConfigChecks = {}): Config {
  const environment = new Environment(env);
  const { problems, warnings } = environment;
  warnOfTypos(environment, settingNames);
  const config: Config = {
    service: serviceConfig(environment),
    http: httpConfig(environment),
    tokens: tokensConfig(environment),
    sessions: sessionsConfig(environment),
    audit: auditConfig(environment),
    passwords: passwordsConfig(environment),
    budgets: budgetsConfig(environment),
    bootstrap: bootstrapConfig(environment),
    database: databaseConfig(environment),
    warnings,
  };
  if (environment.production) checkSigningKey(config.tokens.signingKeysDir, environment);
  const { username, password } = config.bootstrap;
  const refusals = password === undefined ? [] : checks.passwordRefusals?.(password, username, config);
  for (const refusal of refusals ?? []) {
    environment.refuse('BOOTSTRAP_ADMIN_PASSWORD', `is refused: ${refusal}`);
  }
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  return freezeDeep(config);
}

/** Hands each slice to whoever injects its `KEY`, as it was read. */
export function configModule({ warnings: _, ...read }: Config): Promise<DynamicModule> {
  const load = Object.entries(read).map(([key, values]) => registerAs(key, () => values));
  return ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, ignoreEnvVars: true, load });
}

function freezeDeep<T extends object>(value: T): T {
  const parts: unknown[] = Object.values(value);
  for (const part of parts) if (typeof part === 'object' && part !== null) freezeDeep(part);
  return Object.freeze(value);
}
