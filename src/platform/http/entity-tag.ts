import {
  createParamDecorator,
  Injectable,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { tap, type Observable } from 'rxjs';
import { sha256Base64url } from '../crypto/digest.js';
import { PlatformErrors } from '../errors/platform-errors.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** See `LargeBody`. */
    bodyLimit?: number;
    /** See `WeakTag`. */
    weakTag?: boolean;
  }
}

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

/** The answer of this route has a weak `ETag`, made of its text; whoever has that text already gets a 304. */
export const WeakTag = () => RouteConfig({ weakTag: true });

/** Nest sets the status of an answer last; Fastify lets a hook change it. */
export function installWeakTags(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (route.config?.weakTag === true) route.onSend = compareTag;
  });
}

function compareTag(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload: unknown) => void,
): void {
  if (reply.statusCode !== 200 || typeof payload !== 'string') return done(null, payload);
  const tag = `"${sha256Base64url(payload)}"`;
  reply.header('ETag', `W/${tag}`);
  const known = headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  if (!known.includes(tag) && !known.includes('*')) return done(null, payload);
  reply.code(304).removeHeader('content-type');
  return done(null, null);
}

/** Documents that a change may name the state on which it is based; the handler takes that by `@BasedOn()`. */
export const MayNameRevision = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The `ETag` of what the change is based on: if it has changed since, nothing is done.',
    schema: { type: 'string', example: '"3"' },
  });

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
