import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** A signed-in account as far as every module may know it; the entity of `users` has more. */
export interface AuthUser {
  readonly id: string;
  readonly username: string;
}

/** The caller, as read when the call came in. */
export interface AuthContext<User extends AuthUser = AuthUser> {
  readonly user: User;
  readonly session: { readonly id: string };
  /** The keys of the user's roles. */
  readonly roles: readonly string[];
  /** The way by which the caller came in. */
  readonly via: 'session';
}

/** The start of a trial, and an operator's commands on the machine. No permission binds them. */
export const OPERATOR = 'operator';

/** On whose behalf a change is made. */
export type Actor =
  | {
      /** Without a name where only a token told who it is. */
      readonly user: { readonly id: string; readonly username?: string };
      readonly session: { readonly id: string };
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
