import { Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { validated } from '../platform/http/validation.pipe.js';
import { SignInRequest } from './auth.dto.js';

/** Signs in by the local strategy. Guards run before pipes, so this one validates the body. */
@Injectable()
export class LocalAuthGuard extends AuthGuard('local') {
  override canActivate(context: ExecutionContext): ReturnType<IAuthGuard['canActivate']> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.body = validated(SignInRequest, request.body);
    return super.canActivate(context);
  }
}
