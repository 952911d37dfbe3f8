import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadGenerator, LoadRequest } from './load.ts';
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

/** MiB, the most that was resident in a process which has done nothing but sign people in, since its start. */
export async function peakUnderSignIns(
  program: MeasuredProcess,
  load: LoadGenerator,
  job: { readonly requests: readonly LoadRequest[]; readonly connections: number; readonly seconds: number },
): Promise<number> {
  await load.run({ url: program.url, ...job });
  const { peak } = program.memory();
  await program.stop();
  return peak;
}
