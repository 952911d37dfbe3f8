import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp, listen } from './app.js';
import { bootstrapAdministrator } from './bootstrap.js';
import { banner } from './banner.js';
import type { Config } from './config/config.js';
import { migrateUp } from './database/migrator.js';
import { ServerLock } from './database/server-lock.js';
import { Draining } from './platform/http/draining.js';
import { SECOND } from './platform/time/clock.js';
import { StartError } from './start-error.js';
import { VERSION } from './platform/version.js';
import { ensureCurrentKey } from './tokens/key-rotation.js';

/** How long requests in progress may take once the server has stopped listening. */
const DRAIN_DEADLINE = 5 * SECOND;

/**
 * Prepares what the service needs (schema, keys, in a trial the first administrator), listens, and stays until it is
 * asked to end. A request to end that comes during the start counts: what must not be cut off ends first, the rest is
 * left out.
 *
 * @throws StartError with one sentence that names the setting and the way out
 */
export async function serve(config: Config, stop: AbortSignal): Promise<void> {
  const lock = await takeServerLock(config);
  const end = AbortSignal.any([stop, lock.lost]);
  try {
    await prepare(config, end);
    if (!end.aborted) await run(config, end);
    lock.lost.throwIfAborted();
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    lock.release();
  }
}

async function prepare(config: Config, stop: AbortSignal): Promise<void> {
  if (config.service.migrate === 'auto') await migrateUp(config.database, stop);
  if (!config.service.production && !stop.aborted) await ensureCurrentKey(config.tokens.signingKeysDir);
}

async function run(config: Config, stop: AbortSignal): Promise<void> {
  const app = await createApp(config);
  await app.init();
  const password = config.service.production ? undefined : await bootstrapAdministrator(app, config);
  const url = await listenOrClose(app, config);
  if (config.service.production) new Logger('Server').log(`Gatehouse ${VERSION} is ready on ${url}`);
  else process.stdout.write(banner(config, url, password));
  if (!stop.aborted) await once(stop, 'abort');
  await shutDown(app, config);
}

async function listenOrClose(app: NestFastifyApplication, config: Config): Promise<string> {
  try {
    return await listen(app, config);
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Readiness falls first, so that load balancers look elsewhere; then requests in progress end; then the rest. */
async function shutDown(app: NestFastifyApplication, config: Config): Promise<void> {
  app.get(Draining).begun = true;
  await sleep(config.service.shutdownDelay);
  // A request that arrives half and then no further would hold the process for ever.
  const deadline = setTimeout(() => app.getHttpServer().closeAllConnections(), DRAIN_DEADLINE);
  await app.close();
  clearTimeout(deadline);
}

/** Two servers on one SQLite file would not see each other's queue of writers. */
async function takeServerLock({ database }: Config): Promise<Pick<ServerLock, 'lost' | 'release'>> {
  if (database.kind !== 'sqlite') return { lost: new AbortController().signal, release: () => undefined };
  const lock = await ServerLock.take(database.file);
  if (lock !== undefined) return lock;
  throw new StartError(
    `DATA_DIR: another Gatehouse server is running on ${database.file}. Stop it, set another DATA_DIR, or set ` +
      'DATABASE_URL to run several servers on MySQL.',
  );
}
