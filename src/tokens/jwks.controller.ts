import { Controller, Get, Header } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { OutsideEnvelope } from '../platform/http/envelope.interceptor.js';
import { Public } from '../platform/security/route-access.js';
import { JwksResponse } from './jwks.dto.js';
import { SigningKeys } from './signing-keys.js';

/** The public signing keys, for services that verify access tokens themselves. */
@ApiTags('System')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  /**
   * The public signing keys
   *
   * @remarks A JWK set (RFC 7517): the current key, the next one and previous ones. Verify access tokens with the key that
   * their header names as `kid`, and accept `ES256` only.
   */
  @Get('jwks.json')
  @Public()
  @OutsideEnvelope()
  @ApiResponse({ status: 200, type: JwksResponse })
  @Header('Cache-Control', 'public, max-age=300')
  getSigningKeys(): JwksResponse {
    return this.keys.jwks();
  }
}
