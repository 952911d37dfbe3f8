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

const OUTSIDE_ENVELOPE = Symbol('gatehouse:outside-envelope');

/** What this route answers is sent as it is, because its form is somebody else's: a probe's, a JWK set. */
export const OutsideEnvelope = () => SetMetadata(OUTSIDE_ENVELOPE, true);

/** Puts a successful answer in the envelope, in the language of the request. The exception filter does it for failures. */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    if (this.reflector.get(OUTSIDE_ENVELOPE, context.getHandler()) === true) return next.handle();
    const { language } = currentRequest();
    return next.handle().pipe(map((data) => successEnvelope(data, language)));
  }
}
