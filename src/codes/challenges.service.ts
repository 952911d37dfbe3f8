import { Injectable } from '@nestjs/common';
import { SealBroken, Sealing, UnknownKey } from '../keyring/sealing.js';
import { randomToken } from '../platform/crypto/random.js';
import { toTimestamp, type Duration, type Instant } from '../platform/time/clock.js';
import { SharedClock } from '../throttling/shared-clock.js';
import { CodesErrors } from './codes.errors.js';
import { CodesService } from './codes.service.js';

/** What a challenge is for: it opens for that alone. */
export type ChallengeKind = 'signin' | 'totp' | 'passkey' | 'passkey_signin';

/** As it is handed to a client. */
export interface IssuedChallenge {
  readonly challenge: string;
  readonly challenge_expires_at: string;
}

/** What was sealed, and what makes the challenge worthless once it was used. */
export type OpenedChallenge<State> = State & { readonly nonce: string; readonly expiresAt: Instant };

/** What a flow of several calls goes on with: sealed, so nothing is stored for one that nobody ends. */
@Injectable()
export class Challenges {
  constructor(
    private readonly sealing: Sealing,
    private readonly codes: CodesService,
    private readonly clock: SharedClock,
  ) {}

  async issue(kind: ChallengeKind, state: object, ttl: Duration): Promise<IssuedChallenge> {
    const expiresAt = (await this.clock.now()) + ttl;
    const text = JSON.stringify({ ...state, nonce: randomToken(16), expiresAt });
    const challenge = await this.sealing.seal('challenge', kind, text);
    return { challenge, challenge_expires_at: toTimestamp(expiresAt) };
  }

  /** @throws CodesErrors.challengeNotValid for one that was altered, made elsewhere or for something else, is too old, or was used */
  async open<State>(kind: ChallengeKind, challenge: string): Promise<OpenedChallenge<State>> {
    const text = await this.sealing.open('challenge', kind, challenge).catch((error: unknown) => {
      // Anybody can write down the name of a key.
      if (error instanceof SealBroken || error instanceof UnknownKey) throw CodesErrors.challengeNotValid();
      throw error;
    });
    const opened: OpenedChallenge<State> = JSON.parse(text);
    const isOver = (await this.clock.now()) >= opened.expiresAt;
    // `spend` decides; asked here, a used one costs nobody a guess.
    if (isOver || (await this.codes.isTicketUsed(opened.nonce))) throw CodesErrors.challengeNotValid();
    return opened;
  }

  /** In the transaction of what the challenge permits. @throws CodesErrors.challengeNotValid when it was used before */
  async spend({ nonce, expiresAt }: OpenedChallenge<unknown>, userId: string): Promise<void> {
    if (!(await this.codes.useTicket(nonce, userId, expiresAt))) throw CodesErrors.challengeNotValid();
  }
}
