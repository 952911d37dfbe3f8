import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startBetterAuth, startFloor, startGatehouse, type Place } from './contenders.ts';
import type { BenchDatabases } from './databases.ts';
import { HashCapacity } from './hash-capacity.ts';
import { LoadGenerator } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { measureRounds, type Entry, type Measured, type RoundSettings } from './rounds.ts';
import { copySqlite, seed, type Seeded } from './seed.ts';
import { measureStarts, peakUnderSignIns, type StartFigures } from './starts.ts';
import { listPages, ownReads, peerReads, peerSignIns, renewals, signIns } from './work.ts';

const SEED = { users: 1_000, sessions: 2_000, active: 500 };
const PEER_PEOPLE = 100;

export interface SideBySide extends Measured {
  readonly starts: readonly StartFigures[];
  /** MiB, the most of a process that signs people in, from its start on. */
  readonly peaks: Readonly<Record<string, number>>;
}

export interface SideBySideOptions extends RoundSettings {
  readonly starts: number;
  readonly peers: boolean;
}

/** The floor, Gatehouse on both databases and the peers, in one run. */
export async function measureSideBySide(
  place: Place,
  databases: BenchDatabases,
  options: SideBySideOptions,
  tell: (text: string) => void,
): Promise<SideBySide> {
  const running: MeasuredProcess[] = [];
  const keep = (program: MeasuredProcess) => (running.push(program), program);
  const load = new LoadGenerator();
  const hashCapacity = new HashCapacity();
  try {
    const mysql = { databaseUrl: await databases.create('gatehouse') };
    const sqlite = { dataDir: join(place.folder, 'sqlite') };
    const copy = join(place.folder, 'floor.sqlite');
    tell('migrating and seeding');
    await (await startGatehouse('migration-mysql', place, mysql)).stop();
    await (await startGatehouse('migration-sqlite', place, sqlite)).stop();
    const seeded = {
      mysql: await seed(mysql, SEED, place.folder),
      sqlite: await seed(sqlite, SEED, place.folder),
    };
    copySqlite(sqlite.dataDir, copy);

    tell('starting and stopping');
    const unprobed = { probed: false };
    const starts = [
      ...(await measureStarts(
        () => startGatehouse('gatehouse-mysql', place, mysql, unprobed),
        options.starts,
      )),
      ...(await measureStarts(
        () => startGatehouse('gatehouse-sqlite', place, sqlite, unprobed),
        options.starts,
      )),
    ];

    tell('memory under sign-ins');
    const peaks: Record<string, number> = {};
    for (const [name, store, { people, password }] of [
      ['gatehouse-mysql', mysql, seeded.mysql],
      ['gatehouse-sqlite', sqlite, seeded.sqlite],
    ] as const) {
      const requests = signIns(people, password);
      peaks[name] = await peakUnderSignIns(await startGatehouse(name, place, store, unprobed), load, {
        requests,
        connections: options.connections['sign-in'],
        seconds: 4 * options.seconds,
      });
    }

    const entries = [
      ...(await ownEntries(place, seeded.mysql, {
        floor: keep(await startFloor('floor-mysql', place, mysql)),
        gatehouse: keep(await startGatehouse('gatehouse-mysql', place, mysql)),
      })),
      ...(await ownEntries(place, seeded.sqlite, {
        floor: keep(await startFloor('floor-sqlite', place, { file: copy })),
        gatehouse: keep(await startGatehouse('gatehouse-sqlite', place, sqlite)),
      })),
    ];
    if (options.peers) entries.push(...(await peerEntries(place, databases, keep)));
    entries.sort((a, b) => ORDER.indexOf(a.work) - ORDER.indexOf(b.work));
    const measured = await measureRounds(entries, load, hashCapacity, options, tell);
    return { ...measured, starts, peaks };
  } finally {
    load.stop();
    hashCapacity.stop();
    await Promise.all(running.map((program) => program.stop()));
  }
}

const ORDER = ['renewal', 'read', 'list', 'sign-in'];

async function ownEntries(
  { key }: Place,
  { people, password }: Seeded,
  { floor, gatehouse }: Readonly<Record<'floor' | 'gatehouse', MeasuredProcess>>,
): Promise<Entry[]> {
  const pages = await listPages(gatehouse.url, password, ['', '?page=2', '?sort=username', '?q=ma']);
  return [
    ...[floor, gatehouse].map((process): Entry => ({ work: 'renewal', process, requests: renewals(people) })),
    ...[floor, gatehouse].map((process): Entry => ({
      work: 'read',
      process,
      requests: ownReads(key, people),
    })),
    { work: 'list', process: gatehouse, requests: pages },
    { work: 'sign-in', process: gatehouse, requests: signIns(people, password) },
  ];
}

async function peerEntries(
  place: Place,
  databases: BenchDatabases,
  keep: (program: MeasuredProcess) => MeasuredProcess,
): Promise<Entry[]> {
  if (!existsSync(join(import.meta.dirname, 'peers', 'node_modules'))) return [];
  const entries: Entry[] = [];
  for (const hasher of ['default', 'argon2id'] as const) {
    const databaseUrl = await databases.create(`peer_${hasher}`);
    const process = keep(await startBetterAuth(place, databaseUrl, hasher, PEER_PEOPLE));
    entries.push({ work: 'sign-in', process, requests: peerSignIns(PEER_PEOPLE) });
    // Its reads do not depend on the hasher.
    if (hasher === 'default')
      entries.push({ work: 'read', process, requests: await peerReads(process.url, PEER_PEOPLE / 4) });
  }
  return entries;
}
