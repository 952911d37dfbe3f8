import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Who is calling: the user and the session that the access token was issued for. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
}

/** Who commands the machine: the start of a trial and the commands of an operator. No permission binds them. */
export const OPERATOR = 'operator';

/** On whose behalf a change is made. */
export type Actor = Principal | typeof OPERATOR;

/** A request on which the access-token guard has left the principal, and the keys of their roles as it began. */
export interface AuthenticatedRequest {
  user?: Principal & { readonly roles: readonly string[] };
}

/** Hands the signed-in principal to a controller method. Only routes that are not public have one. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (user === undefined) throw new Error('A route without an access token asked for the principal.');
  return user;
});
