import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import { AuthMetrics } from './auth-metrics.js';
import { SignInService, type SignInResult } from './sign-in.service.js';

/** User name and password from the body. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy, 'local') {
  constructor(
    private readonly signIn: SignInService,
    private readonly metrics: AuthMetrics,
  ) {
    super();
  }

  async validate(username: string, password: string): Promise<SignInResult> {
    return this.metrics.signedIn(this.signIn.signIn(username, password));
  }
}
