import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-local';
import { SignInService, type SignInResult } from './sign-in.service.js';

/** User name and password from the body. */
@Injectable()
export class LocalStrategy extends PassportStrategy(Strategy, 'local') {
  constructor(private readonly signIn: SignInService) {
    super();
  }

  async validate(username: string, password: string): Promise<SignInResult> {
    return this.signIn.signIn(username, password);
  }
}
