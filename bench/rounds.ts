import type { HashCapacity, HashFigures } from './hash-capacity.ts';
import type { LoadFigures, LoadGenerator, LoadRequest } from './load.ts';
import type { MeasuredProcess, ProbeReading } from './measured-process.ts';
import type { WorkName } from './work.ts';

/** One contender at one work. */
export interface Entry {
  readonly work: WorkName;
  readonly process: MeasuredProcess;
  readonly requests: readonly LoadRequest[];
}

export interface Sample extends LoadFigures, ProbeReading {
  readonly round: number;
  readonly work: WorkName;
  readonly contender: string;
}

export interface RoundSettings {
  readonly rounds: number;
  readonly firstWarmUpSeconds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly connections: Readonly<Record<WorkName, number>>;
}

export interface Measured {
  readonly samples: readonly Sample[];
  readonly hashing: readonly HashFigures[];
}

/**
 * Measures every entry once a round, those of one work one after the other, so that what is compared ran within the
 * same seconds; every second round goes backwards, so that nobody always comes first.
 */
export async function measureRounds(
  entries: readonly Entry[],
  load: LoadGenerator,
  hashCapacity: HashCapacity,
  settings: RoundSettings,
  tell: (text: string) => void,
): Promise<Measured> {
  const samples: Sample[] = [];
  const hashing: HashFigures[] = [];
  // V8 compiles what runs often: the first seconds of a program cost several times what the later ones do.
  tell('warming up');
  for (const { work, process, requests } of entries) {
    const connections = settings.connections[work];
    await load.run({ url: process.url, connections, requests, seconds: settings.firstWarmUpSeconds });
  }
  for (let round = 1; round <= settings.rounds; round += 1) {
    tell(`round ${round} of ${settings.rounds}`);
    hashing.push(await hashCapacity.measure(settings.seconds));
    for (const entry of round % 2 === 1 ? entries : entries.toReversed()) {
      samples.push({
        round,
        work: entry.work,
        contender: entry.process.name,
        ...(await measure(entry, load, settings)),
      });
    }
  }
  return { samples, hashing };
}

async function measure(
  { work, process, requests }: Entry,
  load: LoadGenerator,
  { connections, seconds, warmUpSeconds }: RoundSettings,
): Promise<LoadFigures & ProbeReading> {
  const job = { url: process.url, connections: connections[work], requests };
  await load.run({ ...job, seconds: warmUpSeconds });
  const { result, reading } = await process.probe(() => load.run({ ...job, seconds }));
  return { ...result, ...reading };
}
