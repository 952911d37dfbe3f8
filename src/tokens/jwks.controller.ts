import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { tokensConfig } from '../config/tokens.config.js';
import { Keyring } from '../keyring/keyring.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { ApiFailures } from '../platform/http/api-answer.js';
import { OutsideEnvelope } from '../platform/http/envelope.interceptor.js';
import { Public } from '../platform/security/route-access.js';
import { JwksResponse } from './jwks.dto.js';
import { ServerMetadataResponse } from './metadata.dto.js';

/** The public signing keys, for services that verify access tokens themselves. */
@ApiTags('System')
@Controller('.well-known')
export class JwksController {
  constructor(
    private readonly keys: Keyring,
    @Inject(tokensConfig.KEY) private readonly config: ConfigType<typeof tokensConfig>,
  ) {}

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

  /**
   * Where the signing keys are
   *
   * @remarks Metadata of RFC 8414, for libraries that begin with the issuer. Only where `TOKEN_ISSUER` is a web address.
   */
  @Get('oauth-authorization-server')
  @Public()
  @OutsideEnvelope()
  @ApiResponse({ status: 200, type: ServerMetadataResponse })
  @ApiFailures(PlatformErrors.noSuchRoute)
  @Header('Cache-Control', 'public, max-age=300')
  getServerMetadata(): ServerMetadataResponse {
    const { issuer } = this.config;
    if (!/^https?:\/\//.test(issuer)) throw PlatformErrors.noSuchRoute();
    const jwks_uri = `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
    return { issuer, jwks_uri, response_types_supported: [] };
  }
}
