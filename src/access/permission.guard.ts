import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Permission } from '../platform/security/permission.js';
import type { AuthContext, RequestWithAuth } from '../platform/security/auth-context.js';
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

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const needs = this.reflector.get<RouteAccess>(ROUTE_ACCESS, context.getHandler());
    if (needs.kind !== 'permission') return true;
    const { user } = context.switchToHttp().getRequest<RequestWithAuth>();
    if (user === undefined) throw new Error('The permission guard ran before the access-token guard.');
    return this.holdsAny(user, needs.anyOf);
  }

  private async holdsAny({ roles, user }: AuthContext, anyOf: readonly Permission[]): Promise<boolean> {
    const held = await this.access.permissionsWith(roles, user.id);
    if (!anyOf.some(({ code }) => held.includes(code))) throw AccessErrors.notPermitted();
    return true;
  }
}
