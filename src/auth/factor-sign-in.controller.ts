import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import { TotpProposalResponse } from '../factors/totp.dto.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { Public } from '../platform/security/route-access.js';
import { SignInResponse, toSignInResponse } from './auth.dto.js';
import { enrolmentExample, passwordChangeExample } from './auth.errors.js';
import { AuthMetrics } from './auth-metrics.js';
import {
  EnrolTotpRequest,
  FactorCodeRequest,
  PasskeyOptionsResponse,
  PasskeySignInRequest,
} from './factor-sign-in.dto.js';
import { FactorStep } from './factor-step.service.js';

/** What the next demand can be, once a factor was shown. */
const FURTHER = [passwordChangeExample(), enrolmentExample()] as const;

@ApiTags('Sign-in')
@Controller('signin')
export class FactorSignInController {
  constructor(
    private readonly step: FactorStep,
    private readonly metrics: AuthMetrics,
  ) {}

  /**
   * Sign in, next step: a code
   *
   * @remarks After `11007`: six digits of the authenticator app, or a recovery code. A wrong one (`11008`) leaves the challenge as
   * it is. Also the last step of setting up an app that a sign-in demanded (`11011`), with the challenge of
   * `POST /signin/totp`.
   */
  @Post('code')
  @HttpCode(200)
  @Public()
  @ApiAnswer(SignInResponse)
  @ApiFailures(
    CodesErrors.challengeNotValid,
    PlatformErrors.tooManyRequests,
    FactorsErrors.refused,
    ...FURTHER,
  )
  async signInWithCode(@Body() { challenge, code }: FactorCodeRequest): Promise<SignInResponse> {
    return toSignInResponse(await this.metrics.signedIn(this.step.withCode(challenge, code)));
  }

  /**
   * Sign in, next step: set up an authenticator app
   *
   * @remarks After `11011`. Show the secret, then send the first code with the new challenge to `POST /signin/code`.
   */
  @Post('totp')
  @HttpCode(200)
  @Public()
  @ApiAnswer(TotpProposalResponse)
  @ApiFailures(CodesErrors.challengeNotValid)
  async enrolTotp(@Body() { challenge }: EnrolTotpRequest): Promise<TotpProposalResponse> {
    return this.step.beginEnrolment(challenge);
  }

  /** What a browser needs to sign in with a passkey alone */
  @Post('passkey/options')
  @HttpCode(200)
  @Public()
  @ApiAnswer(PasskeyOptionsResponse)
  @ApiFailures(FactorsErrors.passkeysNotSetUp)
  async getPasskeySignInOptions(): Promise<PasskeyOptionsResponse> {
    return this.step.passkeyOptions();
  }

  /**
   * Sign in with a passkey
   *
   * @remarks With the challenge of `11007` as the second factor, or with that of `POST /signin/passkey/options` in place of name
   * and password.
   */
  @Post('passkey')
  @HttpCode(200)
  @Public()
  @ApiAnswer(SignInResponse)
  @ApiFailures(
    CodesErrors.challengeNotValid,
    PlatformErrors.tooManyRequests,
    FactorsErrors.refused,
    ...FURTHER,
  )
  async signInWithPasskey(@Body() { challenge, credential }: PasskeySignInRequest): Promise<SignInResponse> {
    return toSignInResponse(await this.metrics.signedIn(this.step.withPasskey(challenge, credential)));
  }
}
