import { Injectable } from '@nestjs/common';
import { SealBroken, Sealing, UnknownKey } from '../keyring/sealing.js';
import { randomToken } from '../platform/crypto/random.js';
import { MINUTE, toTimestamp, type Duration, type Instant } from '../platform/time/clock.js';
import { SharedClock } from '../throttling/shared-clock.js';
import type { Budget } from '../throttling/attempt-budgets.js';
import { AuthErrors } from './auth.errors.js';

/** How long the next step of a sign-in may take. */
const CHALLENGE_TTL: Duration = 5 * MINUTE;

/** A sign-in between two of its steps. */
export interface SignInState {
  readonly userId: string;
  /** The password that was verified. */
  readonly credentialVersion: number;
  /** By what the person has shown who they are so far. */
  readonly proof: readonly string[];
  /** From where the attempt was taken: it counts until a session is open. */
  readonly budgets: { readonly account: Budget; readonly address: Budget };
}

/** A challenge that somebody has brought back. */
export interface OpenedChallenge extends SignInState {
  /** Once a step has succeeded, its mark makes the challenge worthless. */
  readonly nonce: string;
  readonly expiresAt: Instant;
}

/** Of sealed texts with one use, what this one is for. */
const SUBJECT = 'signin';

/** What a sign-in goes on with: sealed, so nothing is stored for a sign-in that nobody ends. */
@Injectable()
export class Challenges {
  constructor(
    private readonly sealing: Sealing,
    private readonly clock: SharedClock,
  ) {}

  /** What the client is told beside the demand. */
  async issue(state: SignInState) {
    const expiresAt = (await this.clock.now()) + CHALLENGE_TTL;
    const opened: OpenedChallenge = { ...state, nonce: randomToken(16), expiresAt };
    const challenge = await this.sealing.seal('challenge', SUBJECT, JSON.stringify(opened));
    return { challenge, challenge_expires_at: toTimestamp(expiresAt) };
  }

  /** @throws AuthErrors.challengeNotValid for one that was altered, made elsewhere, or whose time is over */
  async open(challenge: string): Promise<OpenedChallenge> {
    const text = await this.sealing.open('challenge', SUBJECT, challenge).catch((error: unknown) => {
      // Anybody can write down the name of a key.
      if (error instanceof SealBroken || error instanceof UnknownKey) throw AuthErrors.challengeNotValid();
      throw error;
    });
    const opened: OpenedChallenge = JSON.parse(text);
    if ((await this.clock.now()) >= opened.expiresAt) throw AuthErrors.challengeNotValid();
    return opened;
  }
}
