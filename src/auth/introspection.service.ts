import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AccessService } from '../access/access.service.js';
import { codeOf } from '../access/applications.dto.js';
import { ApplicationsService } from '../access/applications.service.js';
import { tokensConfig } from '../config/tokens.config.js';
import { SECOND, type Instant } from '../platform/time/clock.js';
import type { IntrospectionResponse, IntrospectRequest } from './introspection.dto.js';
import { TokenHolderService, type TokenHolder } from './token-holder.service.js';

/** Tells another service what a token is good for now (RFC 7662). */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly holders: TokenHolderService,
    private readonly access: AccessService,
    private readonly applications: ApplicationsService,
    @Inject(tokensConfig.KEY) private readonly config: ConfigType<typeof tokensConfig>,
  ) {}

  /** @throws AccessErrors.noSuchApplication, whatever the token is */
  async introspect({ token, application }: IntrospectRequest): Promise<IntrospectionResponse> {
    const codes = application === undefined ? undefined : await this.applications.codesOf(application);
    const holder = await this.holders.find(token);
    if (holder === undefined) return { active: false };
    return { ...this.describe(holder), ...(codes && { permissions: await this.heldOf(holder, codes) }) };
  }

  private describe({ claims, session, user }: TokenHolder): IntrospectionResponse {
    return {
      active: true,
      sub: user.id,
      sid: session.id,
      iss: this.config.issuer,
      aud: this.config.audience,
      iat: seconds(claims?.issuedAt ?? session.authenticatedAt),
      exp: seconds(claims?.expiresAt ?? session.expiresAt),
      jti: claims?.tokenId ?? session.id,
      token_type: claims === undefined ? 'key' : 'access_token',
      username: user.username,
      kind: user.kind,
    };
  }

  private async heldOf(holder: TokenHolder, codes: readonly string[]): Promise<string[]> {
    const held = await this.access.heldOf(holder, codes);
    return codes.filter((code) => held.has(code)).map(codeOf);
  }
}

function seconds(instant: Instant): number {
  return Math.floor(instant / SECOND);
}
