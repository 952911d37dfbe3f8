import type { KeyObject } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { AuditService, type AuditEntry } from '../audit/audit.service.js';
import { Database } from '../database/database.js';
import { MissingReferenceError } from '../database/driver-errors.js';
import { KeyUses } from '../keyring/key-uses.js';
import { Sealing } from '../keyring/sealing.js';
import { OutboxService, type Message } from '../outbox/outbox.service.js';
import { newId, randomToken } from '../platform/crypto/random.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { DAY, HOUR, MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { CodeAttempts, type CodeOwner, type GuessAttempt } from './code-attempts.js';
import { digitsOf, isSame, linkTokenOf, type GivenCode } from './code-derivation.js';
import { CodesErrors } from './codes.errors.js';
import { CodesRepository } from './codes.repository.js';
import type { CodePurpose, OneTimeCode } from './one-time-code.entity.js';

export type { CodeOwner };

type Purpose = Exclude<CodePurpose, 'ticket'>;

/** NIST SP 800-63B-4, section 3.1.3.2. */
const CODE_TTL: Duration = 10 * MINUTE;

/** What a code must have been made for. */
export interface Holder {
  /** The user's `credentialVersion` now. */
  readonly userVersion: number | null;
  /** The address that the code must prove; null: none, so that no code is right. By default any. */
  readonly recipient?: string | null;
}

/** A code to be made, and the message that takes it to its person. */
export interface NewCode {
  readonly purpose: Purpose;
  readonly subject: string;
  readonly userId: string | null;
  /** The address that the code proves; null: the message goes to nobody, or holds no code that could be spent. */
  readonly recipient: string | null;
  readonly userVersion: number | null;
  readonly ttl?: Duration;
  readonly message: Pick<Message, 'template' | 'recipient' | 'language' | 'params'>;
}

/** A code that was given and is right; nothing is spent yet. */
export interface CheckedCode {
  readonly row: OneTimeCode;
  /** What was counted before it was compared. */
  readonly attempt: GuessAttempt;
}

/** Codes that prove a mailbox: asked for, compared, spent once. They know a user by the id alone. */
@Injectable()
export class CodesService {
  private readonly logger = new Logger(CodesService.name);

  constructor(
    private readonly repository: CodesRepository,
    private readonly sealing: Sealing,
    private readonly outbox: OutboxService,
    private readonly attempts: CodeAttempts,
    private readonly audit: AuditService,
    private readonly database: Database,
    private readonly clock: SharedClock,
    periodic: Periodic,
    keyUses: KeyUses,
  ) {
    periodic.every(10 * MINUTE, 'one-time codes', (stop) => this.sweep(stop));
    keyUses.register({ table: 'one_time_codes', count: (kid) => this.repository.countBy(kid) });
  }

  /** @throws CodesErrors.mailNotSetUp */
  requireMail(): void {
    if (!this.outbox.isSetUp) throw CodesErrors.mailNotSetUp();
  }

  /** `issue` in a transaction of its own; nothing happens where the user was deleted meanwhile. */
  async send(...code: Parameters<CodesService['issue']>): Promise<void> {
    await this.database
      .transaction(() => this.issue(...code))
      .catch((error: unknown) => {
        if (!(error instanceof MissingReferenceError)) throw error;
      });
  }

  /**
   * In the current transaction: makes the code, or takes the one that stands and is young, and writes its message.
   *
   * @param event what the record says of it; by default `code.requested`
   */
  async issue(code: NewCode, event: AuditEntry = requested(code)): Promise<void> {
    const now = await this.clock.now();
    const { kid, key } = this.sealing.codesKey();
    const { purpose, subject, userId, recipient, userVersion, ttl = CODE_TTL, message } = code;
    const asked = { purpose, subject, userId, recipient, userVersion, keyId: kid, seed: randomToken(16) };
    const row = await this.repository.renew({ ...asked, createdAt: now, expiresAt: now + ttl, usedAt: null });
    const secret = {
      ...(purpose !== 'invitation' && { code: digitsOf(row, key) }),
      ...((purpose === 'password' || purpose === 'invitation') && {
        token: linkTokenOf(row, userId ?? newId(), key),
      }),
    };
    await this.audit.record(event);
    const params = { ...message.params, minutes: readableMinutes(row.expiresAt - now) };
    await this.outbox.enqueue({ ...message, params, secret, expiresAt: row.expiresAt });
  }

  /**
   * Compares six digits with the code of a subject, after the guess is counted.
   *
   * @param digits as typed; the token of a link is wrong here, and counts
   * @throws PlatformErrors.tooManyRequests, CodesErrors.notValid; PlatformErrors.dependencyUnavailable when the key that it
   *   was made with is missing
   */
  async checkDigits(
    purpose: Purpose,
    subject: string,
    owner: CodeOwner,
    digits: string,
    holder: Holder,
  ): Promise<CheckedCode> {
    const [row] = await this.repository.find([purpose], subject);
    const attempt = await this.attempts.takeGuess(purpose, owner);
    const expected = row === undefined ? 'none' : digitsOf(row, this.keyFor(row));
    const isRight = isSame(digits.replace(/[ \t]/g, ''), expected);
    if (!isRight || row === undefined || !isUsable(row, holder, await this.clock.now()))
      return this.attempts.refuse(purpose, owner.userId);
    return { row, attempt };
  }

  /**
   * Compares the token of a link. Nobody guesses 256 bits, so only failures are counted, by the client's network.
   *
   * @throws PlatformErrors.tooManyRequests, CodesErrors.notValid; PlatformErrors.dependencyUnavailable when the key that it
   *   was made with is missing
   */
  async checkToken(
    purposes: readonly Purpose[],
    { token, userId }: Extract<GivenCode, { readonly token: string }>,
    holder: Holder,
  ): Promise<CheckedCode> {
    const now = await this.clock.now();
    for (const row of await this.repository.find(purposes, userId)) {
      if (!isUsable(row, holder, now)) continue;
      if (isSame(token, linkTokenOf(row, userId, this.keyFor(row)))) return { row, attempt: [] };
    }
    return this.attempts.failToken();
  }

  /**
   * In the transaction of what the code permits, after the lock on its user: spends it.
   *
   * @throws CodesErrors.notValid when somebody was faster or its time is over; all is rolled back then
   */
  async spend({ row }: CheckedCode): Promise<void> {
    if (!(await this.repository.spend(row, await this.clock.now()))) throw CodesErrors.notValid();
  }

  /** At the end of that transaction: the wrong guesses before count no more. */
  async forgetGuesses({ attempt }: CheckedCode): Promise<void> {
    await this.attempts.forget(attempt);
  }

  /** Where something else was wrong than the code, the attempt does not count. */
  async giveBack({ attempt }: CheckedCode): Promise<void> {
    await this.attempts.giveBack(attempt);
  }

  /** In the current transaction; answers whether the challenge with this nonce was not used before. */
  async useTicket(nonce: string, userId: string, expiresAt: Instant): Promise<boolean> {
    const now = await this.clock.now();
    const unused = { recipient: null, seed: '', keyId: '', userVersion: null };
    return this.repository.insert({
      ...unused,
      purpose: 'ticket',
      subject: nonce,
      userId,
      createdAt: now,
      expiresAt,
      usedAt: now,
    });
  }

  /** Whether the challenge with this nonce was used. */
  async isTicketUsed(nonce: string): Promise<boolean> {
    return (await this.repository.find(['ticket'], nonce)).length > 0;
  }

  /** In the current transaction: no code of the user works any more. */
  async forgetAll(userId: string): Promise<void> {
    await this.repository.removeOf(userId);
  }

  async sweep(stop?: AbortSignal): Promise<number> {
    return this.repository.sweep(await this.clock.now(), stop);
  }

  private keyFor({ keyId }: OneTimeCode): KeyObject {
    const found = this.sealing.codesKey(keyId);
    if (found !== undefined) return found.key;
    this.logger.error(
      { kid: keyId },
      'a code was made with a key that is not in KEYS_FILE: bring the key back',
    );
    throw PlatformErrors.dependencyUnavailable({ reason: 'the key of a code is missing' });
  }
}

function isUsable(
  row: OneTimeCode,
  { userVersion, recipient = row.recipient }: Holder,
  now: Instant,
): boolean {
  const isAlive = row.usedAt === null && row.expiresAt > now;
  return isAlive && row.recipient !== null && row.recipient === recipient && row.userVersion === userVersion;
}

/** How long a code is good for, in minutes: whole days or hours where it is several of them, rounded down. */
function readableMinutes(left: Duration): number {
  const unit = left >= 2 * DAY ? DAY : left >= 2 * HOUR ? HOUR : MINUTE;
  // A link that is sent again after a minute is still one of 7 days.
  const tolerance = unit === MINUTE ? 0.5 : 0.05;
  return Math.max(1, Math.floor(left / unit + tolerance)) * (unit / MINUTE);
}

function requested({ purpose, userId }: NewCode): AuditEntry {
  return { action: 'code.requested', targetType: 'user', targetId: userId, detail: { purpose } };
}
