import { Module } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AccessTokens, JWT_OPTIONS } from './access-tokens.js';
import { JwksController } from './jwks.controller.js';
import { SigningKeys } from './signing-keys.js';

/** Expects `Clock` and `TokenSettings` from a global module. */
@Module({
  controllers: [JwksController],
  providers: [SigningKeys, AccessTokens, { provide: JwtService, useValue: new JwtService(JWT_OPTIONS) }],
  exports: [AccessTokens, SigningKeys],
})
export class TokensModule {}
