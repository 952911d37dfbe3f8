import {
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { map, type Observable } from 'rxjs';
import { currentRequest } from '../context/request-context.js';
import { successEnvelope } from '../errors/failure.js';

const BARE = Symbol('gatehouse:bare');

/** The successful answer of this route stands outside the envelope (health, metrics, keys). */
export const Bare = () => SetMetadata(BARE, true);

/** Wraps what a controller returns as `{code, data, msg}`; failures are wrapped by the exception filter. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.reflector.get<boolean | undefined>(BARE, context.getHandler())) return next.handle();
    return next.handle().pipe(map((data: unknown) => successEnvelope(data, currentRequest().language)));
  }
}
