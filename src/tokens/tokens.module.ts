import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { AccessTokens, JWT_OPTIONS } from './access-tokens.js';
import { JwksController } from './jwks.controller.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  imports: [JwtModule.register(JWT_OPTIONS)],
  controllers: [JwksController],
  providers: [SigningKeys, AccessTokens],
  exports: [AccessTokens, SigningKeys],
})
export class TokensModule {}
