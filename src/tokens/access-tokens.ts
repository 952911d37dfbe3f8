import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { JwtService, type JwtModuleOptions } from '@nestjs/jwt';
import { tokensConfig } from '../config/tokens.config.js';
import { Keyring } from '../keyring/keyring.js';
import { isUuid, newId } from '../platform/crypto/random.js';
import { Clock, SECOND, type Instant } from '../platform/time/clock.js';
import { keyIdOf } from './bearer.js';

export interface AccessToken {
  readonly token: string;
  /** Exactly the token's `exp`. */
  readonly expiresAt: Instant;
}

/** What a verified token says. Whether its session still lives is not in it. */
export interface AccessTokenClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly tokenId: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** `exp` is left to `AccessTokens`, which goes by our clock and insists that there is one. */
export const JWT_OPTIONS: JwtModuleOptions = {
  signOptions: { algorithm: 'ES256' },
  verifyOptions: { algorithms: ['ES256'], ignoreExpiration: true },
};

/** A client sends one token for a quarter of an hour. So many are a few MiB. */
const MOST_REMEMBERED = 5_000;

/** Issues and verifies access tokens: JWTs of RFC 9068's type, signed with ES256, without roles or personal data. */
@Injectable()
export class AccessTokens {
  /** What tokens say that were verified, by their whole text, because a signature costs more than all the rest. */
  private readonly verified = new Map<string, { kid: string; key: KeyObject; claims: AccessTokenClaims }>();

  constructor(
    private readonly jwt: JwtService,
    private readonly keys: Keyring,
    private readonly clock: Clock,
    @Inject(tokensConfig.KEY) private readonly config: ConfigType<typeof tokensConfig>,
  ) {}

  /** Signs a token that ends after the configured life, or with its session if that is sooner. */
  issue(session: { readonly id: string; readonly userId: string; readonly expiresAt: Instant }): AccessToken {
    const { issuer, audience, accessTtl } = this.config;
    const iat = seconds(this.clock.now());
    const exp = Math.min(iat + seconds(accessTtl), seconds(session.expiresAt));
    const { kid, privateKey } = this.keys.current();
    const claims = {
      iss: issuer,
      aud: audience,
      sub: session.userId,
      sid: session.id,
      jti: newId(),
      iat,
      exp,
    };
    const token = this.jwt.sign(claims, { privateKey, header: { alg: 'ES256', typ: 'at+jwt', kid } });
    return { token, expiresAt: exp * SECOND };
  }

  /** What an access token says, or undefined when it is none of ours or has ended. */
  verify(token: string): AccessTokenClaims | undefined {
    const known = this.verified.get(token);
    // Another object means that the key is gone, or that the file of the keys has changed.
    const stands = known !== undefined && this.keys.publicKey(known.kid) === known.key;
    const claims = stands ? known.claims : this.verifyAnew(token);
    return claims !== undefined && claims.expiresAt > this.clock.now() ? claims : undefined;
  }

  private verifyAnew(token: string): AccessTokenClaims | undefined {
    const kid = keyIdOf(token);
    const key = kid === undefined ? undefined : this.keys.publicKey(kid);
    if (kid === undefined || key === undefined) return undefined;
    const claims = this.claimsOf(this.payloadOf(token, key));
    if (claims === undefined) return undefined;
    if (this.verified.size >= MOST_REMEMBERED) this.verified.clear();
    this.verified.set(token, { kid, key, claims });
    return claims;
  }

  private payloadOf(token: string, key: KeyObject): unknown {
    try {
      // jsonwebtoken takes a KeyObject; the types of @nestjs/jwt know only text.
      return this.jwt.verify<object>(token, { publicKey: key as unknown as string });
    } catch {
      return undefined;
    }
  }

  /**
   * Every claim is required, in its one type. A future `iat` is fine, as the clocks of two replicas differ, and further
   * claims are ignored, as a newer version may write them.
   */
  private claimsOf(payload: unknown): AccessTokenClaims | undefined {
    if (typeof payload !== 'object' || payload === null) return undefined;
    const { iss, aud, sub, sid, jti, iat, exp } = payload as { readonly [claim: string]: unknown };
    if (iss !== this.config.issuer || aud !== this.config.audience) return undefined;
    if (!isUuid(sub) || !isUuid(sid) || typeof jti !== 'string' || jti === '') return undefined;
    if (!isNumericDate(iat) || !isNumericDate(exp)) return undefined;
    return {
      userId: sub,
      sessionId: sid,
      tokenId: jti,
      issuedAt: iat * SECOND,
      expiresAt: exp * SECOND,
    };
  }
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / SECOND);
}

/** The last second that a JavaScript date can show; a later one could not be written into an answer. */
const LAST_SECOND = 8_640_000_000_000;

function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= LAST_SECOND;
}
