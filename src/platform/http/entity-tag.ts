import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tap, type Observable } from 'rxjs';
import { PlatformErrors } from '../errors/platform-errors.js';

/** Something that counts its changes, so that whoever changes it can say on which state that is based. */
export interface Revised {
  readonly revision: number;
}

/** Sends the revision of what a route answers as its `ETag` (RFC 9110, section 8.8.3). */
@Injectable()
class RevisionTagInterceptor implements NestInterceptor<Revised, Revised> {
  intercept(context: ExecutionContext, next: CallHandler<Revised>): Observable<Revised> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(tap(({ revision }) => void reply.header('ETag', `"${revision}"`)));
  }
}

/** The answer of this route has an `ETag`, made of the `revision` of its data. */
export const RevisionTag = () => UseInterceptors(RevisionTagInterceptor);

/** Documents that a change may name the state on which it is based; the handler takes that by `@BasedOn()`. */
export const MayNameRevision = () =>
  applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'The `ETag` of what the change is based on: if it has changed since, nothing is done.',
      schema: { type: 'string', example: '"3"' },
    }),
  );

/**
 * The revision that `If-Match` names (RFC 9110, section 13.1.1); `undefined` without one and for `*`. What is no tag of
 * ours is a revision that nothing has. A proxy that compresses makes a tag weak, so `W/` is no reason to refuse.
 */
export const BasedOn = createParamDecorator((_: unknown, context: ExecutionContext): number | undefined => {
  const tag = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  if (tag === undefined || tag.trim() === '*') return undefined;
  return Number(/^(?:W\/)?"([0-9]{1,15})"$/.exec(tag.trim())?.[1] ?? NaN);
});

/** @throws PlatformErrors.changedMeanwhile for a change that is based on another revision */
export function requireRevision({ revision }: Revised, basedOn: number | undefined): void {
  if (basedOn !== undefined && basedOn !== revision) throw PlatformErrors.changedMeanwhile();
}
