import { setTimeout as sleep } from 'node:timers/promises';
import type { MeasuredProcess } from './measured-process.ts';

const SETTLE_MS = 2_000;

export interface StartFigures {
  readonly name: string;
  /** Milliseconds to the first answer that says ready, on a migrated database. */
  readonly readyAfter: number;
  /** MiB resident, two seconds later. */
  readonly idle: number;
}

/** Starts and stops a program several times. */
export async function measureStarts(
  start: () => Promise<MeasuredProcess>,
  times: number,
): Promise<StartFigures[]> {
  const figures: StartFigures[] = [];
  for (let time = 0; time < times; time += 1) {
    const program = await start();
    await sleep(SETTLE_MS);
    figures.push({ name: program.name, readyAfter: program.readyAfter, idle: program.memory().resident });
    await program.stop();
  }
  return figures;
}
