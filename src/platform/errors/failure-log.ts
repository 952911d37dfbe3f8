import type { Logger } from '@nestjs/common';
import { SECOND, toTimestamp, type Duration, type Instant } from '../time/clock.js';
import type { AppError } from './app-error.js';

const ONE_LINE_EVERY: Duration = SECOND;

/** Far more causes than an outage has; where messages vary without end, what is remembered of them goes. */
const REMEMBERED = 200;

interface Cause {
  readonly toldAt: Instant;
  omitted: number;
}

/**
 * Logs failures of the service, one line for each cause and second: while the database is away every request fails, and
 * a line with a stack for each would fill the disk and hide what else happens. The next line of a cause says how many
 * were left out since which moment; each request that is answered still has its own line with its status.
 */
export class FailureLog {
  private readonly causes = new Map<string, Cause>();

  constructor(private readonly logger: Logger) {}

  error(error: AppError, message = error.message): void {
    const { definition, details } = error;
    const left = this.leftOut(`${definition.code} ${message} ${nameOf(details.cause)}`);
    if (left === undefined) return;
    this.logger.error({ err: details.cause ?? error, code: definition.code, ...left }, message);
  }

  /** What was left out of this cause since its last line; nothing when this one is left out, too. */
  private leftOut(name: string): { omitted?: number; since?: string } | undefined {
    const now = Date.now();
    const known = this.causes.get(name);
    // A clock that jumps back must not silence a cause.
    if (known !== undefined && Math.abs(now - known.toldAt) < ONE_LINE_EVERY) {
      known.omitted += 1;
      return undefined;
    }
    if (this.causes.size >= REMEMBERED) this.causes.clear();
    this.causes.set(name, { toldAt: now, omitted: 0 });
    if (known === undefined || known.omitted === 0) return {};
    return { omitted: known.omitted, since: toTimestamp(known.toldAt) };
  }
}

/** The system's or the driver's code, because messages can hold values that differ each time; else the message. */
function nameOf(cause: unknown): string {
  if (!(cause instanceof Error)) return typeof cause;
  return 'code' in cause ? String(cause.code) : cause.message;
}
