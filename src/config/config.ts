import type { DynamicModule } from '@nestjs/common';
import { ConfigModule, registerAs } from '@nestjs/config';
import { accountConfig } from './account.config.js';
import { auditConfig } from './audit.config.js';
import { bootstrapConfig } from './bootstrap.config.js';
import { budgetsConfig } from './budgets.config.js';
import { databaseConfig } from './database.config.js';
import { Environment } from './environment.js';
import { factorsConfig } from './factors.config.js';
import { httpConfig } from './http.config.js';
import { keyringConfig } from './keyring.config.js';
import { keysConfig } from './keys.config.js';
import { mailConfig } from './mail.config.js';
import { passwordsConfig } from './passwords.config.js';
import { serviceConfig } from './service.config.js';
import { sessionsConfig } from './sessions.config.js';
import { tokensConfig } from './tokens.config.js';
import { warnOfTypos } from './typos.js';

/** Every slice, in the order of docs/configuration.md. */
export const slices = {
  service: serviceConfig,
  http: httpConfig,
  database: databaseConfig,
  keyring: keyringConfig,
  tokens: tokensConfig,
  sessions: sessionsConfig,
  keys: keysConfig,
  mail: mailConfig,
  audit: auditConfig,
  passwords: passwordsConfig,
  account: accountConfig,
  factors: factorsConfig,
  budgets: budgetsConfig,
  bootstrap: bootstrapConfig,
};

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
  }
}

/**
 * Why the password policy refuses the first administrator's password, one clause each that does not quote it. It is
 * handed in, because configuration stands at the bottom and imports no module.
 */
type PasswordRefusals = (password: string, username: string, config: Config) => readonly string[];

/**
 * Called before Nest starts, which would print each problem twice and with a stack.
 *
 * @param env the process environment; beyond it only the files that it names are read
 * @throws ConfigError naming every problem
 */
export function loadConfig(env?: NodeJS.ProcessEnv, passwordRefusals: PasswordRefusals = () => []): Config {
  const environment = new Environment(env);
  const { warnings } = environment;
  warnOfTypos(
    environment,
    Object.values(slices).flatMap(({ settings }) => settings.map(({ name }) => name)),
  );
  const read = Object.entries(slices).map(([name, slice]) => [name, slice(environment)]);
  const config: Config = { ...(Object.fromEntries(read) as Slices), warnings };
  const { username, password } = config.bootstrap;
  const refusals = password === undefined ? [] : passwordRefusals(password, username, config);
  if (refusals.length > 0) {
    environment.refuse('BOOTSTRAP_ADMIN_PASSWORD', `is refused: ${refusals.join(', and ')}`);
  }
  const { problems } = environment;
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  return freezeDeep(config);
}

/** Hands each slice to whatever injects its `KEY`, as it was read. */
export function configModule({ warnings: _, ...read }: Config): Promise<DynamicModule> {
  const load = Object.entries(read).map(([key, values]) => registerAs(key, () => values));
  return ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, ignoreEnvVars: true, load });
}

function freezeDeep<T extends object>(value: T): T {
  const parts: unknown[] = Object.values(value);
  for (const part of parts) if (typeof part === 'object' && part !== null) freezeDeep(part);
  return Object.freeze(value);
}
