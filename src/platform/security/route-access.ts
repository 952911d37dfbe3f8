import { applyDecorators, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Permission } from './permission.js';

/** What a route needs of its caller. A route that declares nothing stops the start of the process. */
export type RouteAccess =
  | { readonly kind: 'public' }
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'permission'; readonly anyOf: readonly Permission[] }
  | { readonly kind: 'all-permissions'; readonly allOf: readonly Permission[] };

export const ROUTE_ACCESS = Symbol('gatehouse:route-access');

/** Anyone may call this, without a token. */
export const Public = () => SetMetadata(ROUTE_ACCESS, { kind: 'public' } satisfies RouteAccess);

/** Keys are refused here: what people do about themselves, and about keys. */
export const PeopleOnly = Reflector.createDecorator<void, true>({ transform: () => true });

/** The session must be fresh: its person gave the password a short time ago. No key ever is. */
export const Fresh = Reflector.createDecorator<void, true>({ transform: () => true });

/** Any valid access token will do; one of a key only where that is said. */
export const SignedIn = ({ alsoKeys = false } = {}) =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'signed-in' } satisfies RouteAccess),
    ApiBearerAuth(),
    ...(alsoKeys ? [] : [PeopleOnly()]),
  );

/** The caller must hold one of these permissions, read live on every call. */
export const RequirePermission = (...anyOf: readonly [Permission, ...Permission[]]) =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'permission', anyOf } satisfies RouteAccess),
    ApiBearerAuth(),
  );

/** The caller must hold all of these permissions. */
export const RequireAllPermissions = (...allOf: readonly [Permission, ...Permission[]]) =>
  applyDecorators(
    SetMetadata(ROUTE_ACCESS, { kind: 'all-permissions', allOf } satisfies RouteAccess),
    ApiBearerAuth(),
  );
