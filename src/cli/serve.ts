import 'reflect-metadata';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SignUpService } from '../account/sign-up.service.js';
import { createApp, listen } from '../app.js';
import { loadConfig, type Config } from '../config/config.js';
import { bootstrapPasswordRefusals } from '../credentials/password-policy.js';
import { migrateUp } from '../database/migrator.js';
import { ServerLock } from '../database/server-lock.js';
import { ensureCurrentKeys } from '../keyring/key-rotation.js';
import { Draining } from '../platform/http/http-settings.js';
import { Clock, SECOND } from '../platform/time/clock.js';
import { VERSION } from '../platform/version.js';
import { bootstrapAdministrator } from '../users/first-administrator.js';
import { FactorPolicy } from '../users/factor-policy.js';
import { banner } from './banner.js';
import { StartError, startFailure } from './start-error.js';

/** How long requests in progress may take once the server has stopped listening. */
const DRAIN_DEADLINE = 5 * SECOND;

/** How long an orderly end may take after a mistake, beyond `SHUTDOWN_DELAY`. */
const END_DEADLINE = 10 * SECOND;

/**
 * Runs the server until it is asked to end; a start that fails says why on standard error and exits with 1.
 *
 * @param stop aborted when the process was asked to end, perhaps before this was called
 */
export async function serve(stop: AbortController): Promise<void> {
  let config: Config | undefined;
  const mistakes = endInOrder(stop, () => config?.service.shutdownDelay ?? 0);
  try {
    config = loadConfig(process.env, bootstrapPasswordRefusals);
    for (const warning of config.warnings) process.stderr.write(`Warning: ${warning}\n`);
    await serveAlone(config, stop.signal);
    process.exit(mistakes.seen ? 1 : 0);
  } catch (error) {
    for (const line of startFailure(error, config)) process.stderr.write(`${line}\n`);
    process.exit(1);
  }
}

/**
 * After an exception or a rejected promise that nothing has caught, nobody knows what state the program is in. It says
 * so once and ends as after a signal, so that answers which are due still come, and exits with 1 to be started again.
 */
function endInOrder(stop: AbortController, shutdownDelay: () => number): { readonly seen: boolean } {
  const mistakes = { seen: false };
  const end = (error: unknown) => {
    if (mistakes.seen) return;
    mistakes.seen = true;
    new Logger('Process').fatal(
      { err: error },
      'a mistake in the program: it answers what is due and exits with 1. Start it again, and report this line',
    );
    setTimeout(() => process.exit(1), shutdownDelay() + END_DEADLINE).unref();
    stop.abort();
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  return mistakes;
}

/**
 * Prepares what the service needs (schema, keys, in a trial the first administrator), listens, and stays until it is
 * asked to end. A request to end that comes during the start counts: what must not be cut off ends first, the rest is
 * left out.
 */
async function serveAlone(config: Config, stop: AbortSignal): Promise<void> {
  const { service, keyring, database } = config;
  const lock = await takeServerLock(config);
  const end = AbortSignal.any([stop, lock.lost]);
  try {
    if (service.migrate === 'auto') await migrateUp(database, end);
    if (!service.production && !end.aborted) {
      await ensureCurrentKeys(keyring.keysFile, { now: new Clock().now() });
    }
    if (!end.aborted) await run(config, end);
    lock.lost.throwIfAborted();
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    lock.release();
  }
}

async function run(config: Config, stop: AbortSignal): Promise<void> {
  const { production } = config.service;
  const app = await createApp(config);
  await app.init();
  await requireSignUpRole(app);
  await warnOfUnknownRoles(app);
  const password = production ? undefined : await bootstrapAdministrator(app, config.bootstrap);
  const url = await listen(app, config).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  if (production) new Logger('Server').log(`Gatehouse ${VERSION} is ready on ${url}`);
  else process.stdout.write(banner(config, url, password));
  if (!stop.aborted) await once(stop, 'abort');
  await shutDown(app, config);
}

/** @throws StartError when people who sign up would get a role that there is not */
async function requireSignUpRole(app: NestFastifyApplication): Promise<void> {
  const role = await app.get(SignUpService, { strict: false }).missingRole();
  if (role === undefined) return;
  throw new StartError(
    `SIGNUP_ROLE: there is no role ${role}. Start without it, make the role, then set it.`,
  );
}

async function warnOfUnknownRoles(app: NestFastifyApplication): Promise<void> {
  const unknown = await app.get(FactorPolicy, { strict: false }).unknownRoles();
  if (unknown.length > 0)
    new Logger('Server').warn(`SECOND_FACTOR_REQUIRED names roles that there are not: ${unknown.join(', ')}`);
}

/** Readiness falls first, so that load balancers look elsewhere; then requests in progress end; then the rest. */
async function shutDown(app: NestFastifyApplication, { service }: Config): Promise<void> {
  app.get(Draining).begun = true;
  await sleep(service.shutdownDelay);
  // A request that arrives half and then no further would hold the process for ever.
  const deadline = setTimeout(() => app.getHttpServer().closeAllConnections(), DRAIN_DEADLINE);
  await app.close();
  clearTimeout(deadline);
}

/**
 * Two servers on one SQLite file would not see each other's queue of writers.
 *
 * @throws StartError when another one runs
 */
async function takeServerLock({ database }: Config): Promise<Pick<ServerLock, 'lost' | 'release'>> {
  if (database.kind !== 'sqlite') return { lost: new AbortController().signal, release: () => undefined };
  const lock = await ServerLock.take(database.file);
  if (lock !== undefined) return lock;
  throw new StartError(
    `DATA_DIR: another Gatehouse server is running on ${database.file}. Stop it, set another DATA_DIR, or set ` +
      'DATABASE_URL to run several servers on MySQL.',
  );
}
