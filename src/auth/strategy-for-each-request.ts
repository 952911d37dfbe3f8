import type { IAuthModuleOptions } from '@nestjs/passport';
import type { Strategy } from 'passport';

/**
 * Options of a Nest guard that make it use this very strategy, through an object of its own for each request.
 *
 * By name Passport would find a strategy in a process-wide registry, where a second app replaces it, but it makes
 * such an object by itself. Handed an instance it does not: it writes `success` and `fail` of each request onto that
 * instance, and of two requests at once one gets the other's user.
 */
export function strategyForEachRequest(strategy: Strategy): IAuthModuleOptions {
  return {
    // Read anew by the guard for each request. Its type knows only names.
    get defaultStrategy(): string {
      const own: unknown = Object.create(strategy);
      return own as string;
    },
  };
}
