import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService, type JwtModuleOptions } from '@nestjs/jwt';
import { isUuid, newId } from '../platform/crypto/random.js';
import { Clock, SECOND, type Instant } from '../platform/time/clock.js';
import { keyIdOf } from './bearer.js';
import { SigningKeys } from './signing-keys.js';
import { TokenSettings } from './token-settings.js';

/** The session that a token is for. */
export interface AccessTokenGrant {
  readonly id: string;
  readonly userId: string;
  /** The session's absolute end, which no token of it outlives. */
  readonly expiresAt: Instant;
}

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
  readonly expiresAt: Instant;
}

/** The claims as they are written, in this order; times in whole seconds. */
interface Payload {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/**
 * Settings of the JwtService: the one algorithm. `exp` is left to `AccessTokens`, which goes by our clock and insists
 * that there is one.
 */
export const JWT_OPTIONS: JwtModuleOptions = {
  signOptions: { algorithm: 'ES256' },
  verifyOptions: { algorithms: ['ES256'], ignoreExpiration: true },
};

/** A client sends one token for a quarter of an hour. So many are a few MiB. */
const MOST_REMEMBERED = 5_000;

/** Issues and verifies access tokens: JWTs of RFC 9068's type, signed with ES256, without roles or personal data. */
@Injectable()
export class AccessTokens {
  /** What tokens say whose signature was verified, by their whole text. */
  private readonly verified = new Map<string, { kid: string; key: KeyObject; payload: unknown }>();

  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly settings: TokenSettings,
  ) {}

  /** Signs a token that ends after the configured life, or with its session if that is sooner. */
  issue({ id, userId, expiresAt }: AccessTokenGrant): AccessToken {
    const { issuer, audience, accessTtl } = this.settings;
    const iat = seconds(this.clock.now());
    const exp = Math.min(iat + seconds(accessTtl), seconds(expiresAt));
    const payload: Payload = {
      iss: issuer,
      aud: audience,
      sub: userId,
      sid: id,
      jti: newId(),
      iat,
      exp,
    };
    const { kid, privateKey } = this.keys.current();
    const header = { alg: 'ES256', typ: 'at+jwt', kid };
    const token = this.jwt.sign(payload, { privateKey, header });
    return { token, expiresAt: exp * SECOND };
  }

  /**
   * What an access token says, or undefined when it is none of ours or has ended: what the text must look like and which
   * key must have signed it, the signature, and what the claims must say.
   */
  verify(token: string): AccessTokenClaims | undefined {
    return this.claimsOf(this.payloadOf(token));
  }

  /** The payload of a token that one of our keys has signed; else undefined. */
  private payloadOf(token: string): unknown {
    const known = this.verified.get(token);
    // Not the same object any more: the key is gone, or was read again.
    if (known !== undefined && this.keys.publicKey(known.kid) === known.key) return known.payload;
    const kid = keyIdOf(token);
    const key = kid === undefined ? undefined : this.keys.publicKey(kid);
    if (kid === undefined || key === undefined) return undefined;
    try {
      // jsonwebtoken takes a KeyObject; the types of @nestjs/jwt know only text.
      const payload = this.jwt.verify<object>(token, { publicKey: key as unknown as string });
      if (this.verified.size >= MOST_REMEMBERED) this.verified.clear();
      this.verified.set(token, { kid, key, payload });
      return payload;
    } catch {
      return undefined;
    }
  }

  /**
   * What a payload says whose signature is verified.
   *
   * Every claim is required, in its one type; `exp` must lie ahead. A future `iat` is fine, as the clocks of two
   * replicas differ, and further claims are ignored, as a newer version may write them.
   */
  private claimsOf(payload: unknown): AccessTokenClaims | undefined {
    if (typeof payload !== 'object' || payload === null) return undefined;
    const { iss, aud, sub, sid, jti, iat, exp } = payload as { readonly [K in keyof Payload]?: unknown };
    if (iss !== this.settings.issuer || aud !== this.settings.audience) return undefined;
    if (!isUuid(sub) || !isUuid(sid) || typeof jti !== 'string' || jti === '') return undefined;
    if (!isNumericDate(iat) || !isNumericDate(exp) || exp * SECOND <= this.clock.now()) return undefined;
    return { userId: sub, sessionId: sid, tokenId: jti, expiresAt: exp * SECOND };
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
