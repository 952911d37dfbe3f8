import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EMPTY, from, lastValueFrom, type Observable } from 'rxjs';
import { ListLimiter } from './list-limiter.js';

/** Stands before every route that answers a list: `@UseInterceptors(ListLimitInterceptor)`. */
@Injectable()
export class ListLimitInterceptor implements NestInterceptor {
  constructor(private readonly limiter: ListLimiter) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { socket } = context.switchToHttp().getRequest<FastifyRequest>();
    return from(
      this.limiter.run(() =>
        // Nobody waits for the list of a client that has gone.
        lastValueFrom(socket.destroyed ? EMPTY : next.handle(), { defaultValue: undefined }),
      ),
    );
  }
}
