import { Controller, Get, Header } from '@nestjs/common';
import { JwksResponse } from './jwks.dto.js';
import { SigningKeys } from './signing-keys.js';

/** The public signing keys, for services that verify access tokens themselves. */
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  /** The public keys as a JWK set (RFC 7517): current, next, previous. */
  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  jwks(): JwksResponse {
    return this.keys.jwks();
  }
}
