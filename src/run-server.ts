import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { loadConfig, type Config } from './config/config.js';
import { bootstrapPasswordRefusals } from './credentials/bootstrap-password.js';
import { SECOND } from './platform/time/clock.js';
import { serve } from './server.js';
import { startFailure } from './start-error.js';

/** How long an orderly end may take after a mistake, beyond `SHUTDOWN_DELAY`. */
const END_DEADLINE = 10 * SECOND;

/**
 * Runs the server until it is asked to end; a start that fails says why on standard error and exits with 1.
 *
 * @param stop aborted when the process was asked to end, perhaps before this was called
 */
export async function runServer(stop: AbortController): Promise<void> {
  let config: Config | undefined;
  const mistakes = endInOrder(stop, () => config?.service.shutdownDelay ?? 0);
  try {
    config = loadConfig(process.env, { passwordRefusals: bootstrapPasswordRefusals });
    for (const warning of config.warnings) process.stderr.write(`Warning: ${warning}\n`);
    await serve(config, stop.signal);
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
