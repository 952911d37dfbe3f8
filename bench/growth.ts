import { startGatehouse, type Place } from './contenders.ts';
import type { BenchDatabases } from './databases.ts';
import { LoadGenerator, type LoadFigures, type LoadRequest } from './load.ts';
import type { MeasuredProcess, ProbeReading } from './measured-process.ts';
import { seed, type Seeded } from './seed.ts';
import { median } from './statistics.ts';
import { listPages, ownReads, renewals, signIns } from './work.ts';

export interface GrowthLine {
  readonly users: number;
  readonly sessions: number;
  readonly work: string;
  /** Milliseconds at four connections, where nothing queues: what one operation takes. */
  readonly p50: number;
  readonly p99: number;
  readonly rate: number;
  readonly cpu: number;
  readonly errors: number;
}

export interface GrowthOptions {
  readonly sizes: readonly number[];
  readonly sessionsPerUser: number;
  readonly seconds: number;
  readonly rounds: number;
}

const CONNECTIONS = 4;
const ACTIVE = 500;
const WARM_UP_SECONDS = 2;

/** Filters and sorts by themselves: what somebody at a table of users does. */
const LISTS: Readonly<Record<string, string>> = {
  'list, newest first': '?sort=-created_at',
  'list by user name': '?sort=username',
  'list by last sign-in': '?sort=-last_sign_in_at',
  'list of the disabled': '?status=disabled',
  'list, a search': '?q=mar',
  'list, the last page allowed': '?page=500&page_size=20',
};

/** The same work on MySQL at several sizes, one database after the other. */
export async function measureGrowth(
  place: Place,
  databases: BenchDatabases,
  options: GrowthOptions,
  tell: (text: string) => void,
): Promise<GrowthLine[]> {
  const lines: GrowthLine[] = [];
  const load = new LoadGenerator();
  try {
    for (const users of options.sizes) {
      const size = { users, sessions: users * options.sessionsPerUser };
      tell(`seeding ${size.users} users and ${size.sessions} sessions`);
      const store = { databaseUrl: await databases.create(`growth_${users}`) };
      await (await startGatehouse('migration', place, store)).stop();
      const seeded = await seed(store, { ...size, active: ACTIVE }, place.folder);
      const program = await startGatehouse(`gatehouse-${users}`, place, store);
      try {
        for (const [work, requests] of await worksOf(place, seeded, program)) {
          tell(`  ${work}`);
          lines.push({ ...size, work, ...(await measure(program, load, requests, options)) });
        }
      } finally {
        await program.stop();
      }
      await databases.dropAll();
    }
  } finally {
    load.stop();
  }
  return lines;
}

async function worksOf(
  { key }: Place,
  { people, password }: Seeded,
  { url }: MeasuredProcess,
): Promise<[string, readonly LoadRequest[]][]> {
  const works: [string, readonly LoadRequest[]][] = [
    ['renewal', renewals(people)],
    ['/me', ownReads(key, people)],
    ['sign-in', signIns(people, password)],
  ];
  for (const [work, query] of Object.entries(LISTS))
    works.push([work, await listPages(url, password, [query])]);
  return works;
}

async function measure(
  program: MeasuredProcess,
  load: LoadGenerator,
  requests: readonly LoadRequest[],
  { seconds, rounds }: GrowthOptions,
): Promise<Omit<GrowthLine, 'users' | 'sessions' | 'work'>> {
  const job = { url: program.url, connections: CONNECTIONS, requests };
  await load.run({ ...job, seconds: WARM_UP_SECONDS });
  const runs: { result: LoadFigures; reading: ProbeReading }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    runs.push(await program.probe(() => load.run({ ...job, seconds })));
  }
  return {
    p50: median(runs.map(({ result }) => result.p50)),
    p99: median(runs.map(({ result }) => result.p99)),
    rate: median(runs.map(({ result }) => result.rate)),
    cpu: median(runs.map(({ result, reading }) => reading.cpuMicroseconds / result.answers)),
    errors: runs.reduce((sum, { result }) => sum + result.errors, 0),
  };
}
