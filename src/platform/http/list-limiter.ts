import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EMPTY, from, lastValueFrom, type Observable } from 'rxjs';
import { PlatformErrors } from '../errors/platform-errors.js';
import { Semaphore, type Permit } from '../semaphore.js';
import type { Duration } from '../time/clock.js';

export interface ListLimits {
  /** Lists that are read at once. */
  readonly atOnce: number;
  /** Callers that may stand in line for a place. */
  readonly maxWaiting: number;
  /** How long a caller waits before it is refused. */
  readonly maxWait: Duration;
}

/** A place rests no longer than this, or lists that take a second would be read half as often without need. */
const LONGEST_REST: Duration = 100;

/**
 * Keeps readers of lists from taking the whole database: a few lists are read at once in a process, a bounded number
 * of callers waits for a place, and a caller that gets none in time is refused.
 */
export class ListLimiter {
  private readonly places: Semaphore;
  private refused = 0;

  constructor(readonly limits: ListLimits) {
    this.places = new Semaphore({ permits: limits.atOnce, maxWaiting: limits.maxWaiting });
  }

  /** Reads a list when there is a place. @throws PlatformErrors.overloaded when there is none in time */
  async run<T>(list: () => Promise<T>): Promise<T> {
    const place = this.places.tryAcquire() ?? (await this.place());
    const begun = performance.now();
    try {
      return await list();
    } finally {
      this.rest(place, performance.now() - begun);
    }
  }

  /** What is read now, and how many callers were refused since the start. */
  stats() {
    const { held, waiting } = this.places.stats();
    return { reading: held, waiting, refused: this.refused };
  }

  /** Where the line is full a caller is not refused sooner: one that comes back at once costs more than one that waits. */
  private async place(): Promise<Permit> {
    const deadline = performance.now() + this.limits.maxWait;
    const place = await this.places.acquire(this.limits.maxWait);
    if (place !== undefined) return place;
    const left = deadline - performance.now();
    if (left > 0) await new Promise<void>((resolve) => void setTimeout(resolve, left).unref());
    this.refused += 1;
    throw PlatformErrors.overloaded({ retryAfter: 1, reason: 'no place to read a list came free in time' });
  }

  /**
   * The place stays taken until the event loop has come round: SQLite answers without ever leaving it, so a hundred
   * lists that arrive together would else follow each other unnoticed and hold everybody up. While callers wait, it
   * rests for as long as its list took, because a sign-in needs the loop several times.
   */
  private rest(place: Permit, took: Duration): void {
    setImmediate(() => {
      if (this.places.stats().waiting === 0) place.release();
      else setTimeout(() => place.release(), Math.min(took, LONGEST_REST));
    });
  }
}

/** Stands before every route that answers a list: `@UseInterceptors(ListLimitInterceptor)`. */
@Injectable()
export class ListLimitInterceptor implements NestInterceptor {
  constructor(private readonly limiter: ListLimiter) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { socket } = context.switchToHttp().getRequest<FastifyRequest>();
    return from(
      this.limiter.run(() =>
        // The list of a client that has gone is not read.
        lastValueFrom(socket.destroyed ? EMPTY : next.handle(), { defaultValue: undefined }),
      ),
    );
  }
}
