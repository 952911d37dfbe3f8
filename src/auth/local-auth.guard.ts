import { createParamDecorator, Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { validated } from '../platform/http/validation.pipe.js';
import type { VerifiedAccount } from './account-verifier.js';
import { SignInRequest } from './auth.dto.js';
import { AuthErrors } from './auth.errors.js';
import { LocalStrategy } from './local.strategy.js';
import { strategyPerRequest } from './strategy-per-request.js';

/** Runs the local strategy on a body that it has validated itself, because guards run before pipes. */
@Injectable()
export class LocalAuthGuard extends AuthGuard() {
  constructor(strategy: LocalStrategy) {
    super(strategyPerRequest(strategy));
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.body = validated(SignInRequest, request.body);
    return (await super.canActivate(context)) === true;
  }

  override handleRequest<T>(error: unknown, account: T | false): T {
    if (error) throw error;
    if (!account) throw AuthErrors.wrongCredentials();
    return account;
  }
}

/** The account that the guard has verified. */
export const CurrentAccount = createParamDecorator(
  (_: unknown, context: ExecutionContext): VerifiedAccount =>
    context.switchToHttp().getRequest<{ user: VerifiedAccount }>().user,
);
