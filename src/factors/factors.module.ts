import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyringModule } from '../keyring/keyring.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { FactorAttempts } from './factor-attempts.js';
import { Passkey } from './passkey.entity.js';
import { Passkeys } from './passkeys.service.js';
import { RecoveryCode } from './recovery-code.entity.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { TotpFactor } from './totp-factor.entity.js';
import { TotpFactors } from './totp.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Passkey, RecoveryCode, TotpFactor]), KeyringModule, ThrottlingModule],
  providers: [FactorAttempts, Passkeys, RecoveryCodes, TotpFactors],
  exports: [FactorAttempts, Passkeys, RecoveryCodes, TotpFactors],
})
export class FactorsModule {}
