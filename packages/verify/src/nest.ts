import {
  createParamDecorator,
  HttpException,
  SetMetadata,
  type CanActivate,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AdmittedRequests, answerTo, authenticate, authorize, type Answer } from './guard.ts';
import type { Principal } from './token.ts';
import type { Verifier } from './verifier.ts';

export interface NestOptions {
  /** What is thrown in place of an `HttpException` with the envelope. */
  readonly error?: (answer: Answer) => Error;
}

/** As much of a request and its answer as Express and Fastify have in common. */
interface RequestOfEither {
  readonly rawHeaders?: readonly string[];
  readonly raw?: { readonly rawHeaders: readonly string[] };
}
interface ResponseOfEither {
  header(name: string, value: string): unknown;
}

const PUBLIC = 'gatehouse:public';
const PERMISSIONS = 'gatehouse:permissions';

const admitted = new AdmittedRequests<undefined>();
const reflector = new Reflector();

/** Opens a route, or all of a controller, to everybody. */
export function Public(): CustomDecorator {
  return SetMetadata(PUBLIC, true);
}

/** Only for holders of all these permissions of the application. One on the route counts besides one on its controller. */
export function RequirePermission(...codes: readonly [string, ...string[]]): CustomDecorator {
  return SetMetadata(PERMISSIONS, codes);
}

/** Who calls. On a public route there is nobody, which is an error. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal =>
    admitted.get(context.switchToHttp().getRequest<object>()).principal,
);

/**
 * Guards every route that is not `@Public()`: `app.useGlobalGuards(new GatehouseGuard(verifier))`, or as the value of
 * `APP_GUARD`.
 */
export class GatehouseGuard implements CanActivate {
  private readonly verifier: Verifier;
  private readonly options: NestOptions;

  constructor(verifier: Verifier, options: NestOptions = {}) {
    this.verifier = verifier;
    this.options = options;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') throw new Error('GatehouseGuard guards HTTP routes only.');
    const places = [context.getHandler(), context.getClass()];
    if (reflector.getAllAndOverride<boolean | undefined>(PUBLIC, places)) return true;
    const codes = reflector.getAllAndMerge<string[]>(PERMISSIONS, places);
    const request = context.switchToHttp().getRequest<RequestOfEither>();
    try {
      const rawHeaders = request.raw?.rawHeaders ?? request.rawHeaders ?? [];
      const principal = await authenticate(this.verifier, rawHeaders);
      admitted.add(request, { verifier: this.verifier, principal, refuse: undefined });
      if (codes.length > 0) await authorize(this.verifier, principal, codes);
      return true;
    } catch (error) {
      throw this.failure(error, context.switchToHttp().getResponse<ResponseOfEither>());
    }
  }

  private failure(error: unknown, response: ResponseOfEither): unknown {
    const answer = answerTo(error);
    if (answer === undefined) return error;
    for (const [name, value] of Object.entries(answer.headers)) response.header(name, value);
    return this.options.error?.(answer) ?? new HttpException(answer.body, answer.status, { cause: error });
  }
}
