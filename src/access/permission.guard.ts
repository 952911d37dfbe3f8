import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { RequestWithAuth } from '../platform/security/auth-context.js';
import { ROUTE_ACCESS, type RouteAccess } from '../platform/security/route-access.js';
import { AccessErrors } from './access.errors.js';
import { AccessService } from './access.service.js';

/** Refuses callers without the permission that the route declares, before anything is looked up for them. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly access: AccessService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const needs = this.reflector.get<RouteAccess>(ROUTE_ACCESS, context.getHandler());
    if (needs.kind === 'public' || needs.kind === 'signed-in') return true;
    const { user: auth } = context.switchToHttp().getRequest<RequestWithAuth>();
    if (auth === undefined) throw new Error('The permission guard ran before the access-token guard.');
    const isPermitted =
      needs.kind === 'permission'
        ? await this.access.holdsAny(auth, needs.anyOf)
        : await this.access.holdsEvery(auth, needs.allOf);
    if (!isPermitted) throw AccessErrors.notPermitted();
    return true;
  }
}
