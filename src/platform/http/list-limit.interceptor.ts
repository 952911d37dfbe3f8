import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { ListLimiter } from './list-limiter.js';

/** Stands before every route that answers a list: `@UseInterceptors(ListLimitInterceptor)`. */
@Injectable()
export class ListLimitInterceptor implements NestInterceptor {
  constructor(private readonly limiter: ListLimiter) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return from(this.limiter.run(() => lastValueFrom(next.handle())));
  }
}
