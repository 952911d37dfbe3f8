import { Body, Controller, Delete, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CodesErrors } from '../codes/codes.errors.js';
import { FactorsErrors } from '../factors/factors.errors.js';
import { Passkeys } from '../factors/passkeys.service.js';
import { ApiAnswer, ApiFailures } from '../platform/http/api-answer.js';
import { CurrentAuth, type AuthContext } from '../platform/security/auth-context.js';
import { Fresh, SignedIn } from '../platform/security/route-access.js';
import type { User } from '../users/user.entity.js';
import {
  AddedPasskeyResponse,
  AddPasskeyRequest,
  NewPasskeyOptionsResponse,
  PasskeyResponse,
  RenamePasskeyRequest,
  toAddedPasskeyResponse,
  toPasskeyResponse,
} from './passkeys.dto.js';
import { PasskeysService } from './passkeys.service.js';

@ApiTags('Me')
@Controller('me/passkeys')
export class PasskeysController {
  constructor(
    private readonly own: PasskeysService,
    private readonly passkeys: Passkeys,
  ) {}

  /**
   * Add a passkey, first step
   *
   * @remarks What the browser makes a passkey with. Nothing is stored before the second step.
   */
  @Post('options')
  @HttpCode(200)
  @SignedIn()
  @Fresh()
  @ApiAnswer(NewPasskeyOptionsResponse)
  @ApiFailures(FactorsErrors.passkeysNotSetUp, FactorsErrors.tooManyPasskeys)
  async getNewPasskeyOptions(@CurrentAuth() auth: AuthContext<User>): Promise<NewPasskeyOptionsResponse> {
    return this.own.options(auth);
  }

  /**
   * Add a passkey, second step
   *
   * @remarks Ends every other session. The first factor comes with recovery codes, shown this once. A person has ten
   * passkeys at most.
   */
  @Post()
  @SignedIn()
  @ApiAnswer(AddedPasskeyResponse)
  @ApiFailures(
    FactorsErrors.passkeysNotSetUp,
    CodesErrors.challengeNotValid,
    FactorsErrors.refused,
    FactorsErrors.tooManyPasskeys,
  )
  async addPasskey(
    @CurrentAuth() auth: AuthContext<User>,
    @Body() { challenge, credential, name }: AddPasskeyRequest,
  ): Promise<AddedPasskeyResponse> {
    return toAddedPasskeyResponse(await this.own.add(auth, challenge, credential, name), this.passkeys.rpId);
  }

  /** Rename a passkey */
  @Patch(':id')
  @SignedIn()
  @ApiAnswer(PasskeyResponse)
  @ApiFailures(FactorsErrors.noSuchFactor)
  async renamePasskey(
    @CurrentAuth() auth: AuthContext,
    @Param('id') id: string,
    @Body() { name }: RenamePasskeyRequest,
  ): Promise<PasskeyResponse> {
    return toPasskeyResponse(await this.own.rename(auth, id, name), this.passkeys.rpId);
  }

  /**
   * Remove a passkey
   *
   * @remarks Ends every other session. With the last factor its recovery codes go, too. Where a second factor is
   * required, the last one stays.
   */
  @Delete(':id')
  @SignedIn()
  @Fresh()
  @ApiAnswer(null)
  @ApiFailures(CodesErrors.challengeNotValid, FactorsErrors.noSuchFactor, FactorsErrors.lastFactor)
  async removePasskey(@CurrentAuth() auth: AuthContext<User>, @Param('id') id: string): Promise<void> {
    await this.own.remove(auth, id);
  }
}
