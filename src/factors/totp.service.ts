import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Not, type Repository } from 'typeorm';
import { mailConfig } from '../config/mail.config.js';
import { KeyUses } from '../keyring/key-uses.js';
import { Sealing, UnknownKey } from '../keyring/sealing.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { MINUTE, SECOND, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { TotpFactor } from './totp-factor.entity.js';

/** RFC 4226, section 4: 160 bits. */
const SECRET_BYTES = 20;
const PERIOD = 30;
/** Steps before and after the present one (RFC 6238, section 5.2): clocks of phones differ. */
const WINDOW = 1;
/** Secrets of an older key that are sealed anew in a round. */
const RESEALED = 200;

/** A secret that no app has yet. */
export interface NewTotp {
  /** In base32. */
  readonly secret: string;
  /** For a QR code. */
  readonly otpauth_uri: string;
}

/** A code that was compared and is right, and not used yet. */
export interface RightCode {
  readonly userId: string;
  readonly step: number;
  /** When the app was set up with whose secret it was compared. */
  readonly createdAt: Instant;
}

/** Authenticator apps: six digits of a shared secret and the time. */
@Injectable()
export class TotpFactors {
  private readonly logger = new Logger(TotpFactors.name);

  constructor(
    @InjectRepository(TotpFactor) private readonly factors: Repository<TotpFactor>,
    private readonly sealing: Sealing,
    private readonly clock: SharedClock,
    @Inject(mailConfig.KEY) private readonly config: ConfigType<typeof mailConfig>,
    periodic: Periodic,
    keyUses: KeyUses,
  ) {
    periodic.every(MINUTE, 'secrets of older keys', () => this.reseal());
    keyUses.register({ table: 'totp_factors', count: (keyId) => this.factors.countBy({ keyId }) });
  }

  async propose(username: string): Promise<NewTotp> {
    const { Secret, TOTP } = await import('otpauth');
    const secret = new Secret({ size: SECRET_BYTES });
    const issuer = this.config.productName;
    return { secret: secret.base32, otpauth_uri: new TOTP({ issuer, label: username, secret }).toString() };
  }

  async find(userId: string): Promise<TotpFactor | undefined> {
    return (await this.factors.findOneBy({ userId })) ?? undefined;
  }

  /** The time step in which these are the digits of a secret, in base32; undefined when they are not. */
  async stepOf(secret: string, digits: string): Promise<number | undefined> {
    const { Secret, TOTP } = await import('otpauth');
    const timestamp = await this.clock.now();
    const totp = new TOTP({ secret: Secret.fromBase32(secret), period: PERIOD });
    const delta = totp.validate({ token: digits, timestamp, window: WINDOW });
    return delta === null ? undefined : Math.floor(timestamp / (PERIOD * SECOND)) + delta;
  }

  /**
   * Digits that are right for a user; undefined when they are not, or the user has no app.
   *
   * @throws PlatformErrors.dependencyUnavailable when the key of the secret is missing
   */
  async check(userId: string, digits: string): Promise<RightCode | undefined> {
    const factor = await this.find(userId);
    if (factor === undefined) return undefined;
    const step = await this.stepOf(await this.open(factor), digits);
    if (step === undefined || step <= factor.lastStep) return undefined;
    return { userId, step, createdAt: factor.createdAt };
  }

  /**
   * In the transaction that it permits; answers whether the app is still that one, and no code of this step or a later one
   * was used before.
   */
  async use({ userId, step, createdAt }: RightCode): Promise<boolean> {
    const { affected } = await this.factors.update(
      { userId, createdAt, lastStep: LessThan(step) },
      { lastStep: step, lastUsedAt: await this.clock.now() },
    );
    return affected === 1;
  }

  /** In the current transaction: a secret that the person has shown to have, in place of one before. */
  async store(userId: string, secret: string, step: number): Promise<void> {
    const now = await this.clock.now();
    await this.factors.delete({ userId });
    await this.factors.insert({
      userId,
      ...(await this.seal(userId, secret)),
      lastStep: step,
      createdAt: now,
      lastUsedAt: null,
    });
  }

  /** In the current transaction; answers whether there was one. */
  async remove(userId: string): Promise<boolean> {
    return (await this.factors.delete({ userId })).affected === 1;
  }

  /** Seals secrets of older keys anew, so that these can go. */
  async reseal(): Promise<number> {
    const keyId = this.sealing.codesKey().kid;
    const old = await this.factors.find({ where: { keyId: Not(keyId) }, take: RESEALED });
    for (const factor of old) {
      const { userId, secret } = factor;
      const opened = await this.sealing.open('totp', userId, secret).catch(() => undefined);
      if (opened !== undefined)
        await this.factors.update({ userId, secret }, await this.seal(userId, opened));
    }
    return old.length;
  }

  private async seal(userId: string, secret: string): Promise<Pick<TotpFactor, 'secret' | 'keyId'>> {
    const { kid: keyId } = this.sealing.codesKey();
    return { secret: await this.sealing.seal('totp', userId, secret), keyId };
  }

  private async open({ userId, secret }: TotpFactor): Promise<string> {
    return this.sealing.open('totp', userId, secret).catch((error: unknown) => {
      if (!(error instanceof UnknownKey)) throw error;
      this.logger.error({ kid: error.kid }, 'a secret is sealed with a key that is not in KEYS_FILE');
      throw PlatformErrors.dependencyUnavailable({ reason: 'the key of a second factor is missing' });
    });
  }
}
