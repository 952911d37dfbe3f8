import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import { TotpProposalResponse } from '../factors/totp.dto.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Fresh, SignedIn } from '../platform/security/route-access.js';
import type { User } from '../users/user.entity.js';
import {
  ConfirmTotpRequest,
  FactorsResponse,
  RecoveryCodesResponse,
  toFactorsResponse,
} from './factors.dto.js';
import { FactorsService } from './factors.service.js';

@ApiTags('Me')
@Controller('me')
export class FactorsController {
  constructor(private readonly factors: FactorsService) {}

  /** Which second factors do I have? */
  @Get('factors')
  @SignedIn()
  @ApiAnswer(FactorsResponse)
  async listMyFactors(@CurrentAuth() auth: AuthContext): Promise<FactorsResponse> {
    return toFactorsResponse(await this.factors.list(auth));
  }

  /**
   * Set up an authenticator app, first step
   *
   * @remarks Show the secret, as text or as a QR code. Nothing changes before `POST /me/totp/confirm`.
   */
  @Post('totp')
  @HttpCode(200)
  @SignedIn()
  @Fresh()
  @ApiAnswer(TotpProposalResponse)
  async proposeTotp(@CurrentAuth() auth: AuthContext): Promise<TotpProposalResponse> {
    return this.factors.proposeTotp(auth);
  }

  /**
   * Set up an authenticator app, second step
   *
   * @remarks Takes the place of an app before. Ends every other session. With the first factor the answer holds recovery codes.
   */
  @Post('totp/confirm')
  @HttpCode(200)
  @SignedIn()
  @ApiAnswer(RecoveryCodesResponse)
  @ApiFailures(CodesErrors.challengeNotValid, FactorsErrors.refused)
  async confirmTotp(
    @CurrentAuth() auth: AuthContext<User>,
    @Body() { challenge, code }: ConfirmTotpRequest,
  ): Promise<RecoveryCodesResponse> {
    return { recovery_codes: await this.factors.confirmTotp(auth, challenge, code) };
  }

  /** Remove my authenticator app */
  @Delete('totp')
  @SignedIn()
  @Fresh()
  @ApiAnswer(null)
  @ApiFailures(FactorsErrors.noSuchFactor, FactorsErrors.lastFactor, CodesErrors.challengeNotValid)
  async removeTotp(@CurrentAuth() auth: AuthContext<User>): Promise<void> {
    await this.factors.removeTotp(auth);
  }

  /** New recovery codes in place of the old ones */
  @Post('recovery_codes')
  @HttpCode(200)
  @SignedIn()
  @Fresh()
  @ApiAnswer(RecoveryCodesResponse)
  @ApiFailures(FactorsErrors.noSuchFactor, CodesErrors.challengeNotValid)
  async replaceRecoveryCodes(@CurrentAuth() auth: AuthContext<User>): Promise<RecoveryCodesResponse> {
    return { recovery_codes: await this.factors.replaceRecoveryCodes(auth) };
  }
}
