import type { IAuthModuleOptions } from '@nestjs/passport';
import type { Strategy } from 'passport';

/**
 * Guard options that run this strategy and no other.
 *
 * The instance and not its name: names live in a process-wide registry, where a second app would replace it. And one
 * of its own for every request: Passport writes the callbacks of a request onto the instance that it is handed, so
 * with a shared one the outcome of one caller would become that of another who is being verified at the same time.
 */
export function strategyPerRequest(strategy: Strategy): IAuthModuleOptions {
  return {
    // Read anew by the guard for each request. Its type knows only names; Passport takes both.
    get defaultStrategy() {
      return Object.create(strategy) as string;
    },
  };
}
