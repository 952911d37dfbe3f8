import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { KeyringModule } from '../keyring/keyring.module.js';
import { AccessTokens, JWT_OPTIONS } from './access-tokens.js';
import { JwksController } from './jwks.controller.js';

@Module({
  imports: [KeyringModule, JwtModule.register(JWT_OPTIONS)],
  controllers: [JwksController],
  providers: [AccessTokens],
  exports: [AccessTokens],
})
export class TokensModule {}
