import { onTestFinished } from 'vitest';
import { createVerifier, type Verifier, type VerifierOptions } from '../src/index.ts';
import { AUDIENCE, ISSUER, StandIn } from './stand-in.ts';

/** Follows the real time, and jumps when a test says so. */
export class JumpingClock {
  private ahead = 0;
  readonly now = (): number => Date.now() + this.ahead;

  advance(seconds: number): void {
    this.ahead += seconds * 1_000;
  }
}

export interface Started {
  readonly gatehouse: StandIn;
  readonly clock: JumpingClock;
  readonly verifier: (options?: Partial<VerifierOptions>) => Verifier;
}

/** A stand-in of the test's own, and verifiers that end with it. */
export async function start(): Promise<Started> {
  const gatehouse = new StandIn();
  const clock = new JumpingClock();
  gatehouse.now = clock.now;
  await gatehouse.start();
  const verifiers: Verifier[] = [];
  onTestFinished(async () => {
    for (const verifier of verifiers) verifier.close();
    await gatehouse.stop();
  });
  const verifier = (options: Partial<VerifierOptions> = {}): Verifier => {
    const { url } = gatehouse;
    const made = createVerifier({ url, issuer: ISSUER, audience: AUDIENCE, now: clock.now, ...options });
    verifiers.push(made);
    return made;
  };
  return { gatehouse, clock, verifier };
}

/** What became of a token: `accepted`, or the reason or name of the error. */
export async function outcome(verifier: Verifier, token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof Error)) return typeof error;
    return 'reason' in error ? String(error.reason) : error.name;
  }
}
