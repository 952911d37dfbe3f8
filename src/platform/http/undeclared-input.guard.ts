import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Violation } from '../errors/app-error.js';
import { PlatformErrors } from '../errors/platform-errors.js';

interface Declared {
  readonly body: boolean;
  readonly query: boolean;
}

/** Refuses a body or a query string on a route that declares none: ignored input hides a caller's mistake. */
@Injectable()
export class UndeclaredInputGuard implements CanActivate {
  private readonly declared = new WeakMap<object, Declared>();

  canActivate(context: ExecutionContext): boolean {
    refuseUndeclared(context.switchToHttp().getRequest<FastifyRequest>(), this.declaredBy(context));
    return true;
  }

  private declaredBy(context: ExecutionContext): Declared {
    const handler = context.getHandler();
    let declared = this.declared.get(handler);
    if (declared === undefined) {
      const args: object = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ?? {};
      const kinds = new Set(Object.keys(args).map((key) => Number(key.split(':', 1)[0])));
      declared = { body: kinds.has(RouteParamtypes.BODY), query: kinds.has(RouteParamtypes.QUERY) };
      this.declared.set(handler, declared);
    }
    return declared;
  }
}

/** The same for Fastify's own routes, which declare nothing: as their `preHandler`. */
export function refuseAnyInput(request: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  refuseUndeclared(request, { body: false, query: false });
  done();
}

function refuseUndeclared({ body, query }: FastifyRequest, declared: Declared): void {
  const violations: Violation[] = [];
  if (body !== undefined && !declared.body) violations.push({ field: '', rule: 'no_body' });
  if (!declared.query) {
    for (const field of Object.keys(query as object)) violations.push({ field, rule: 'unknown' });
  }
  if (violations.length > 0) throw PlatformErrors.invalidRequest({ violations });
}
