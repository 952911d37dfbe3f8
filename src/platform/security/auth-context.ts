import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Instant } from '../time/clock.js';

/** A signed-in account as far as every module may know it; the entity of `users` has more. */
export interface AuthUser {
  readonly id: string;
  readonly username: string;
}

/** The caller, as read when the call came in. */
export interface AuthContext<User extends AuthUser = AuthUser> {
  readonly user: User;
  /** Of a program the session of its key. `authenticatedAt`: when the person last gave the password. */
  readonly session: { readonly id: string; readonly authenticatedAt: Instant };
  /** The keys of the user's roles. */
  readonly roles: readonly string[];
  /** Whether it is a person on a device, or a program with a key or with a token that it got for one. */
  readonly via: 'device' | 'key';
  /** Permissions beyond which a key does nothing, whatever its owner holds; null for a device. */
  readonly scopes: readonly string[] | null;
  /** What the roles list, where it was read together with the caller: a program calls more often than a person. */
  readonly listed?: ReadonlySet<string> | undefined;
}

/** The start of a trial, and an operator's commands on the machine. No permission binds them. */
export const OPERATOR = 'operator';

/** On whose behalf a change is made. */
export type Actor =
  | {
      /** Without a name where only a token told who it is. */
      readonly user: { readonly id: string; readonly username?: string };
      /** None where a mail or a challenge permits it. */
      readonly session: { readonly id: string } | null;
      readonly scopes?: readonly string[] | null;
    }
  | typeof OPERATOR;

/** A request; the access-token guard leaves the caller on it, where Passport puts them. */
export interface RequestWithAuth {
  readonly user?: AuthContext;
}

/** Hands the caller to a controller method. Only routes that are not public have one. */
export const CurrentAuth = createParamDecorator((_: unknown, context: ExecutionContext): AuthContext => {
  const { user } = context.switchToHttp().getRequest<RequestWithAuth>();
  if (user === undefined) throw new Error('A route without an access token asked for its caller.');
  return user;
});
