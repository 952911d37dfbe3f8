import 'reflect-metadata';
import { loadConfig, type Config } from './config/config.js';
import { bootstrapPasswordRefusals } from './credentials/bootstrap-password.js';
import { serve } from './server.js';
import { startFailure } from './start-error.js';

/**
 * Runs the server until it is asked to end; a start that fails says why on standard error and exits with 1.
 *
 * @param stop aborted when the process was asked to end, perhaps before this was called
 */
export async function runServer(stop: AbortSignal): Promise<void> {
  let config: Config | undefined;
  try {
    config = loadConfig(process.env, { passwordRefusals: bootstrapPasswordRefusals });
    for (const warning of config.warnings) process.stderr.write(`Warning: ${warning}\n`);
    await serve(config, stop);
    process.exit(0);
  } catch (error) {
    for (const line of startFailure(error, config)) process.stderr.write(`${line}\n`);
    process.exit(1);
  }
}
