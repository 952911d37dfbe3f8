import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { CredentialsErrors } from '../credentials/credentials.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Public, SignedIn } from '../platform/security/route-access.js';
import { SessionsService } from '../sessions/sessions.service.js';
import type { User } from '../users/user.entity.js';
import { passwordRefusedExample } from '../users/users.errors.js';
import {
  NewPasswordRequest,
  ReauthenticationRequest,
  RefreshTokenRequest,
  RenewAccessResponse,
  SignInRequest,
  SignInResponse,
  toRenewAccessResponse,
  toSignInResponse,
} from './auth.dto.js';
import { AuthErrors, enrolmentExample, passwordChangeExample, secondFactorExample } from './auth.errors.js';
import { AuthMetrics } from './auth-metrics.js';
import { LocalAuthGuard } from './local-auth.guard.js';
import { NewPasswordStep } from './new-password-step.service.js';
import { ReauthenticationService } from './reauthentication.service.js';
import { RenewalService } from './renewal.service.js';
import type { SignInResult } from './sign-in.service.js';

@ApiTags('Sign-in')
@Controller()
export class AuthController {
  constructor(
    private readonly newPassword: NewPasswordStep,
    private readonly metrics: AuthMetrics,
    private readonly renewal: RenewalService,
    private readonly sessions: SessionsService,
    private readonly reauthentication: ReauthenticationService,
  ) {}

  /**
   * Sign in
   *
   * @remarks Opens a session. Every failed attempt looks the same, whatever the reason. After too many, wait for the
   * seconds of `Retry-After`. `11010`: the password is right, and a new one is demanded; go on with
   * `POST /signin/password`.
   */
  @Post('signin')
  @HttpCode(200)
  @Public()
  @UseGuards(LocalAuthGuard)
  @ApiAnswer(SignInResponse)
  @ApiFailures(
    AuthErrors.wrongCredentials,
    secondFactorExample(),
    passwordChangeExample(),
    enrolmentExample(),
    PlatformErrors.tooManyRequests,
  )
  signIn(@Body() _: SignInRequest, @Req() { user }: { readonly user: SignInResult }): SignInResponse {
    return toSignInResponse(user);
  }

  /**
   * Sign in with the new password that was demanded
   *
   * @remarks The step after `11010`. A password that is refused (`12005`) leaves the challenge as it is.
   */
  @Post('signin/password')
  @HttpCode(200)
  @Public()
  @ApiAnswer(SignInResponse)
  @ApiFailures(CodesErrors.challengeNotValid, enrolmentExample(), passwordRefusedExample('new_password'))
  async signInWithNewPassword(
    @Body() { challenge, new_password }: NewPasswordRequest,
  ): Promise<SignInResponse> {
    return toSignInResponse(await this.metrics.signedIn(this.newPassword.take(challenge, new_password)));
  }

  /**
   * Renew the access token
   *
   * @remarks The refresh token stays as it is, so parallel and repeated renewals all succeed. A key in its place gives a
   * short token for other services, which never see the key.
   */
  @Post('tokens/renew_access')
  @HttpCode(200)
  @Public()
  @ApiAnswer(RenewAccessResponse)
  @ApiFailures(AuthErrors.invalidRefreshToken, PlatformErrors.tooManyRequests)
  async renewAccess(@Body() { refresh_token }: RefreshTokenRequest): Promise<RenewAccessResponse> {
    return toRenewAccessResponse(await this.renewal.renew(refresh_token));
  }

  /**
   * End the session of a refresh token
   *
   * @remarks Succeeds for a token that is not known, too: what the caller wants is true already.
   */
  @Post('tokens/revoke')
  @HttpCode(200)
  @Public()
  @ApiAnswer(null)
  async revokeToken(@Body() { refresh_token }: RefreshTokenRequest): Promise<void> {
    await this.renewal.revoke(refresh_token);
  }

  /**
   * Show again who I am
   *
   * @remarks For what needs a fresh session (11012): it is one after each sign-in and after this, for 10 minutes by
   * default. It takes what a sign-in takes: the password, with a second factor its `code`, too; or a passkey. After too
   * many wrong ones, wait for the seconds of `Retry-After`; signing in is not affected.
   */
  @Post('me/reauthentication')
  @HttpCode(200)
  @SignedIn()
  @ApiAnswer(null)
  @ApiFailures(
    PlatformErrors.tooManyRequests,
    CredentialsErrors.wrongCurrentPassword,
    FactorsErrors.refused,
    CodesErrors.challengeNotValid,
  )
  async reauthenticate(
    @CurrentAuth() auth: AuthContext<User>,
    @Body() request: ReauthenticationRequest,
  ): Promise<void> {
    await this.reauthentication.confirm(auth, request);
  }

  /**
   * Sign out
   *
   * @remarks Ends the current session, at once and everywhere; its access token is refused from now on.
   */
  @Post('signout')
  @HttpCode(200)
  @SignedIn()
  @ApiAnswer(null)
  async signOut(@CurrentAuth() auth: AuthContext): Promise<void> {
    await this.sessions.end(auth.session.id, auth.user.id, 'signed_out', auth);
  }
}
