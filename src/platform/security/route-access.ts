import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Permission } from './permission.js';

/** What a route needs of its caller. A route that declares nothing stops the start of the process. */
export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'permission'; readonly anyOf: readonly Permission[] };

export const ROUTE_ACCESS = Symbol('gatehouse:route-access');

/** Anyone may call this, without a token. */
export const Public = () => SetMetadata(ROUTE_ACCESS, { kind: 'public' } satisfies RouteAccess);

/** Any valid access token will do. */
export const SignedIn = () =>
  applyDecorators(SetMetadata(ROUTE_ACCESS, { kind: 'signed-in' } satisfies RouteAccess), ApiBearerAuth());

/** The caller must hold one of these permissions, read live on every call. */
export const RequirePermission = (...anyOf: readonly [Permission, ...Permission[]]) =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'permission', anyOf } satisfies RouteAccess),
    ApiBearerAuth(),
  );
