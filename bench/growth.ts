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

/** A filled database and a program on it. */
interface Grown {
  readonly size: Pick<GrowthLine, 'users' | 'sessions'>;
  readonly program: MeasuredProcess;
  readonly seeded: Seeded;
}

/** The same work on MySQL at several sizes. All are filled first, so that what is compared runs within one minute. */
export async function measureGrowth(
  place: Place,
  databases: BenchDatabases,
  options: GrowthOptions,
  tell: (text: string) => void,
): Promise<GrowthLine[]> {
  const load = new LoadGenerator();
  const grown: Grown[] = [];
  try {
    for (const users of options.sizes) {
      const size = { users, sessions: users * options.sessionsPerUser };
      tell(`seeding ${size.users} users and ${size.sessions} sessions`);
      const store = { databaseUrl: await databases.create(`growth_${users}`) };
      await (await startGatehouse('migration', place, store)).stop();
      const seeded = await seed(store, { ...size, active: ACTIVE }, place.folder);
      const program = await startGatehouse(`gatehouse-${users}`, place, store);
      grown.push({ size, program, seeded });
    }
    const lines: GrowthLine[] = [];
    // Only now, because the tokens of a first size would run out while the next ones are filled.
    const works = await Promise.all(grown.map((one) => worksOf(place, one)));
    for (const work of works[0]?.keys() ?? []) {
      tell(`measuring ${work}`);
      const requests = works.map((own) => own.get(work) ?? []);
      lines.push(...(await measure(work, grown, requests, load, options)));
    }
    return lines;
  } finally {
    load.stop();
    await Promise.all(grown.map(({ program }) => program.stop()));
  }
}

async function worksOf(
  { key }: Place,
  { seeded: { people, password }, program: { url } }: Grown,
): Promise<Map<string, readonly LoadRequest[]>> {
  const works = new Map<string, readonly LoadRequest[]>([
    ['renewal', renewals(people)],
    ['/me', ownReads(key, people)],
    ['sign-in', signIns(people, password)],
  ]);
  for (const [work, query] of Object.entries(LISTS)) works.set(work, await listPages(url, password, [query]));
  return works;
}

/** One work at every size, in rounds that go through all sizes. */
async function measure(
  work: string,
  grown: readonly Grown[],
  requests: readonly (readonly LoadRequest[])[],
  load: LoadGenerator,
  { seconds, rounds }: GrowthOptions,
): Promise<GrowthLine[]> {
  const runs = grown.map(() => [] as { result: LoadFigures; reading: ProbeReading }[]);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { program }] of grown.entries()) {
      const job = { url: program.url, connections: CONNECTIONS, requests: requests[index] ?? [] };
      // The first round warms up.
      if (round === 0) await load.run({ ...job, seconds: WARM_UP_SECONDS });
      else runs[index]?.push(await program.probe(() => load.run({ ...job, seconds })));
    }
  }
  return grown.map(({ size }, index) => {
    const own = runs[index] ?? [];
    return {
      ...size,
      work,
      p50: median(own.map(({ result }) => result.p50)),
      p99: median(own.map(({ result }) => result.p99)),
      rate: median(own.map(({ result }) => result.rate)),
      cpu: median(own.map(({ result, reading }) => reading.cpuMicroseconds / result.answers)),
      errors: own.reduce((sum, { result }) => sum + result.errors, 0),
    };
  });
}
