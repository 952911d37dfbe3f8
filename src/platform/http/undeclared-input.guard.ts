import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../errors/platform-errors.js';

/** Refuses a body or a query string on a route that declares none: ignored input hides a caller's mistake. */
@Injectable()
export class UndeclaredInputGuard implements CanActivate {
  private readonly declared = new WeakMap<object, readonly RouteParamtypes[]>();

  canActivate(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const declared = this.declared.get(handler) ?? parametersOf(context);
    this.declared.set(handler, declared);
    refuseUndeclared(context.switchToHttp().getRequest<FastifyRequest>(), declared);
    return true;
  }
}

/** For Fastify's own routes, which declare nothing: as their `preHandler`. */
export function refuseAnyInput(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  refuseUndeclared(request, []);
  done();
}

function refuseUndeclared({ body, query }: FastifyRequest, declared: readonly RouteParamtypes[]): void {
  const hasBody = body !== undefined && !declared.includes(RouteParamtypes.BODY);
  const parameters = declared.includes(RouteParamtypes.QUERY) ? [] : Object.keys(Object(query));
  refuse([
    ...(hasBody ? [{ field: '', rule: 'no_body' }] : []),
    ...parameters.map((field) => ({ field, rule: 'unknown' })),
  ]);
}

/**
 * What the handler takes. Nest keeps it under keys such as `3:0`: the kind of the parameter, then its place. No public
 * part of Nest tells it, and decorators of our own beside `@Body()` and `@Query()` could be forgotten. Nothing else in
 * Gatehouse reads what Nest keeps for itself.
 */
function parametersOf(context: ExecutionContext): RouteParamtypes[] {
  const args = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name);
  return Object.keys(args ?? {}).flatMap((key) => {
    // Of a decorator of our own the key begins with a random name, which may begin with a digit.
    const [, kind] = /^(\d+):\d+$/.exec(key) ?? [];
    return kind === undefined ? [] : [Number(kind)];
  });
}
