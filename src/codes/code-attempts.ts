import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { AuditService } from '../audit/audit.service.js';
import { budgetsConfig } from '../config/budgets.config.js';
import { Database } from '../database/database.js';
import { clientNetwork } from '../platform/http/client-address.js';
import { DAY, HOUR, MINUTE, type Duration } from '../platform/time/clock.js';
import { AttemptBudgets, tooManyAttempts, type Budget } from '../throttling/attempt-budgets.js';
import { KeyedDigest } from '../throttling/keyed-digest.js';
import { CodesErrors } from './codes.errors.js';
import type { CodePurpose } from './one-time-code.entity.js';

/** In which wrong guesses at a code add up. */
const GUESSES_WINDOW: Duration = 15 * MINUTE;

const LONGEST_MOMENT: Duration = 20;

/** Whose messages and guesses are counted together. */
export interface CodeOwner {
  readonly userId?: string | undefined;
  /** The canonical name or address that was given; of one that is nobody's only a keyed digest is kept. */
  readonly name: string;
  /** Whether the client's network is one that the account is used from; it then has a count of its own. */
  readonly isKnown?: boolean;
}

/** What was counted before a code was compared: guesses at it, then what the client tries; nothing for a link. */
export type GuessAttempt = readonly [guesses: Budget, client: Budget] | readonly [];

/** Counts requests for codes and guesses at them, alike for a name that somebody has and for one that nobody has. */
@Injectable()
export class CodeAttempts {
  constructor(
    private readonly budgets: AttemptBudgets,
    private readonly digests: KeyedDigest,
    private readonly audit: AuditService,
    private readonly database: Database,
    @Inject(budgetsConfig.KEY) private readonly config: ConfigType<typeof budgetsConfig>,
  ) {}

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

  /** Counts a guess at six digits. @throws PlatformErrors.tooManyRequests */
  async takeGuess(purpose: CodePurpose, owner: CodeOwner): Promise<GuessAttempt> {
    const key = await this.keyOf(`code:${purpose}`, `code-known:${purpose}`, owner);
    const guesses = { key, limit: this.config.codeAttempts, window: GUESSES_WINDOW };
    const attempt = [guesses, this.budgets.forClient()] as const;
    await this.take(purpose, owner.userId, attempt);
    return attempt;
  }

  /** Counts the token of a link that was wrong. @throws PlatformErrors.tooManyRequests, CodesErrors.notValid */
  async failToken(): Promise<never> {
    await this.take('password', undefined, [this.budgets.forClient()]);
    return this.refuse('password', undefined);
  }

  /** The right code was spent: wrong guesses before it count no more. */
  async forget([guesses, client]: GuessAttempt): Promise<void> {
    if (guesses !== undefined) await this.budgets.reset(guesses, client);
  }

  async giveBack(attempt: GuessAttempt): Promise<void> {
    if (attempt.length > 0) await this.budgets.giveBack(...attempt);
  }

  /** Records the refusal, then gives the one answer to whatever was wrong. @throws CodesErrors.notValid */
  async refuse(purpose: CodePurpose, userId: string | undefined): Promise<never> {
    await this.record('code.refused', purpose, userId);
    await aMoment();
    throw CodesErrors.notValid();
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

  private async record(
    action: 'code.limited' | 'code.refused',
    purpose: CodePurpose,
    userId: string | undefined,
  ): Promise<void> {
    const target = { targetType: 'user', targetId: userId ?? null } as const;
    await this.audit.record({ action, outcome: 'failure', ...target, detail: { purpose } });
  }
}

/**
 * Random, and many times longer than what a row that is there and one that is not differ by: a hash hides that at the
 * sign-in, and here there is none.
 */
async function aMoment(): Promise<void> {
  await sleep(Math.random() * LONGEST_MOMENT);
}
