import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService, type AuditEntry } from '../audit/audit.service.js';
import { budgetsConfig } from '../config/budgets.config.js';
import { Database } from '../database/database.js';
import { KeyUses } from '../keyring/key-uses.js';
import { Sealing } from '../keyring/sealing.js';
import { OutboxService, type Message } from '../outbox/outbox.service.js';
import { PlatformErrors } from '../platform/errors/platform-errors.js';
import { newId, randomToken } from '../platform/crypto/random.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { DAY, HOUR, MINUTE, type Duration, type Instant } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { AttemptBudgets, tooManyAttempts, type Budget } from '../throttling/attempt-budgets.js';
import { KeyedDigest } from '../throttling/keyed-digest.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { digitsOf, isSame, linkTokenOf, type GivenCode } from './code-derivation.js';
import { CodesErrors } from './codes.errors.js';
import { CodesRepository } from './codes.repository.js';
import type { CodePurpose, OneTimeCode } from './one-time-code.entity.js';

type Purpose = Exclude<CodePurpose, 'ticket'>;

const MOMENT: Duration = 20;

/** In which wrong guesses at a code add up. */
const GUESSES_WINDOW: Duration = 15 * MINUTE;

/** NIST SP 800-63B-4, section 3.1.3.2. */
export const CODE_TTL: Duration = 10 * MINUTE;

/** Whose messages and guesses are counted together. */
export interface CodeOwner {
  readonly userId?: string | undefined;
  /** The canonical name or address that was given; of one that is nobody's only a keyed digest is kept. */
  readonly name: string;
  /** Whether the client's network is one that the account is used from; it then has a count of its own. */
  readonly isKnown?: boolean;
}

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
  readonly attempt: readonly Budget[];
}

/** Codes that prove a mailbox: asked for, compared, spent once. They know a user by the id alone. */
@Injectable()
export class CodesService {
  private readonly logger = new Logger(CodesService.name);

  constructor(
    private readonly repository: CodesRepository,
    private readonly sealing: Sealing,
    private readonly outbox: OutboxService,
    private readonly budgets: AttemptBudgets,
    private readonly digests: KeyedDigest,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
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

  /** The subject of a code: the user's id, or the digest of a name that is nobody's. Both take as long. */
  async subjectOf({ userId, name }: CodeOwner): Promise<string> {
    const digest = await this.digests.digest(name);
    return userId ?? digest;
  }

  /**
   * Counts a request for a code before anything is made.
   *
   * @param further budgets from which it is taken, too
   * @throws PlatformErrors.tooManyRequests, at the same request for a name that somebody has and for one that nobody has
   */
  async admit(purpose: CodePurpose, owner: CodeOwner, ...further: readonly Budget[]): Promise<void> {
    const from = {
      key: `codes-from:${clientNetwork()}`,
      limit: this.config.codeAddressRequests,
      window: HOUR,
    };
    const to = {
      key: await this.keyOf('codes-to', 'codes-known', owner),
      limit: this.config.codeSends,
      window: DAY,
    };
    await this.take(purpose, owner.userId, [from, to, ...further]);
    await aMoment();
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
    const key = await this.keyOf(`code:${purpose}`, `code-known:${purpose}`, owner);
    const guesses = { key, limit: this.config.codeAttempts, window: GUESSES_WINDOW };
    const attempt = [guesses, this.budgets.forClient()] as const;
    await this.take(purpose, owner.userId, attempt);
    const expected = row === undefined ? 'none' : digitsOf(row, this.keyFor(row));
    const isRight = isSame(digits.replace(/[ \t]/g, ''), expected);
    if (!isRight || row === undefined || !isUsable(row, holder, await this.clock.now()))
      return this.refuse(purpose, owner.userId);
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
    await this.take('password', undefined, [this.budgets.forClient()]);
    return this.refuse('password', undefined);
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
  async forgetGuesses({ attempt: [guesses, client] }: CheckedCode): Promise<void> {
    if (guesses !== undefined) await this.budgets.reset(guesses, client);
  }

  /** Where something else was wrong than the code, the attempt does not count. */
  async giveBack({ attempt }: CheckedCode): Promise<void> {
    if (attempt.length > 0) await this.budgets.giveBack(...attempt);
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

  /** In the current transaction: no code of the user works any more. */
  async forgetAll(userId: string): Promise<void> {
    await this.repository.removeOf(userId);
  }

  async sweep(stop?: AbortSignal): Promise<number> {
    return this.repository.sweep(await this.clock.now(), stop);
  }

  private async keyOf(anywhere: string, known: string, owner: CodeOwner): Promise<string> {
    const subject = await this.subjectOf(owner);
    return owner.isKnown === true && owner.userId !== undefined
      ? `${known}:${subject}:${clientNetwork()}`
      : `${anywhere}:${subject}`;
  }

  private async take(
    purpose: CodePurpose,
    userId: string | undefined,
    budgets: readonly Budget[],
  ): Promise<void> {
    const [first, ...further] = budgets;
    const refusal = first && (await this.budgets.take(first, ...further));
    if (refusal === undefined) return;
    if (!refusal.reported) {
      await this.database.transaction(async () => {
        if (!(await this.budgets.isFirstRefusal(refusal))) return;
        await this.record('code.limited', purpose, userId);
      });
    }
    throw tooManyAttempts(refusal);
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

  private async refuse(purpose: CodePurpose, userId: string | undefined): Promise<never> {
    await this.record('code.refused', purpose, userId);
    await aMoment();
    throw CodesErrors.notValid();
  }

  private async record(
    action: 'code.limited' | 'code.refused',
    purpose: CodePurpose,
    userId: string | undefined,
  ): Promise<void> {
    const target = { targetType: 'user', targetId: userId ?? null } as const;
    await this.audit.record({ action, outcome: 'failure', ...target, detail: { purpose } });
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

/**
 * Random, and many times longer than what a row that is there and one that is not differ by: a hash hides that at the
 * sign-in, and here there is none.
 */
async function aMoment(): Promise<void> {
  await sleep(Math.random() * MOMENT);
}

/** How long a code is good for, in minutes: in whole hours or days where it is many of them, and never more than it is. */
function readableMinutes(left: Duration): number {
  const unit = left >= 2 * DAY ? DAY : left >= 2 * HOUR ? HOUR : MINUTE;
  return Math.max(1, Math.round(left / unit - (unit === MINUTE ? 0 : 0.5))) * (unit / MINUTE);
}

function requested({ purpose, userId }: NewCode): AuditEntry {
  return { action: 'code.requested', targetType: 'user', targetId: userId, detail: { purpose } };
}
