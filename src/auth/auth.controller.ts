import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiAnswer } from '../platform/http/api-answer.js';
import { CurrentPrincipal, type Principal } from '../platform/security/principal.js';
import { Public, SignedIn } from '../platform/security/route-access.js';
import { SessionsService } from '../sessions/sessions.service.js';
import {
  RefreshTokenRequest,
  RenewAccessResponse,
  SignInRequest,
  SignInResponse,
  toRenewAccessResponse,
  toSignInResponse,
} from './auth.dto.js';
import { CurrentAccount, LocalAuthGuard } from './local-auth.guard.js';
import { RenewalService } from './renewal.service.js';
import { SignInService, type VerifiedAccount } from './sign-in.service.js';

@ApiTags('Sign-in')
@Controller()
export class AuthController {
  constructor(
    private readonly signInService: SignInService,
    private readonly renewal: RenewalService,
    private readonly sessions: SessionsService,
  ) {}

  /** Sign in */
  @Post('signin')
  @Public()
  @UseGuards(LocalAuthGuard)
  @ApiAnswer(SignInResponse)
  async signIn(@Body() _: SignInRequest, @CurrentAccount() account: VerifiedAccount): Promise<SignInResponse> {
    return toSignInResponse(await this.signInService.open(account));
  }

  /** Renew the access token */
  @Post('tokens/renew_access')
  @Public()
  @ApiAnswer(RenewAccessResponse)
  async renewAccess(@Body() { refresh_token }: RefreshTokenRequest): Promise<RenewAccessResponse> {
    return toRenewAccessResponse(await this.renewal.renew(refresh_token));
  }

  /** End the session of a refresh token */
  @Post('tokens/revoke')
  @Public()
  @ApiAnswer(null)
  async revokeToken(@Body() { refresh_token }: RefreshTokenRequest): Promise<void> {
    await this.renewal.revoke(refresh_token);
  }

  /** Sign out: end the current session */
  @Post('signout')
  @SignedIn()
  @ApiAnswer(null)
  async signOut(@CurrentPrincipal() { sessionId, userId }: Principal): Promise<void> {
    await this.sessions.end(sessionId, userId, 'signed_out', { userId, sessionId });
  }
}
