import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../platform/errors/app-error.js';
import type { Duration } from '../platform/time/clock.js';

const SHORTEST: Duration = 100;
const LONGEST: Duration = 250;

/**
 * Holds back the answer of an attempt that was turned away untried (429, 503) for a moment. Whoever comes back at once,
 * over and over, then waits for the pause, which costs nothing, instead of taking the processor from everybody else.
 */
export async function pauseIfTurnedAway(error: unknown): Promise<void> {
  if (!(error instanceof AppError)) return;
  const { status } = error.definition;
  if (status !== 429 && status !== 503) return;
  await sleep(SHORTEST + Math.random() * (LONGEST - SHORTEST));
}
