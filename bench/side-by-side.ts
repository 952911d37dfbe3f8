import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startBetterAuth, startFloor, startGatehouse, type Place } from './contenders.ts';
import type { BenchDatabases } from './databases.ts';
import { HashCapacity } from './hash-capacity.ts';
import { LoadGenerator } from './load.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { makePerson, type Person } from './people.ts';
import { measureRounds, type Entry, type Measured, type RoundSettings } from './rounds.ts';
import { seedMysql, seedSqlite } from './seed.ts';
import { measureStarts, type StartFigures } from './starts.ts';
import { listPages, ownReads, peerReads, peerSignIns, renewals, signIns } from './work.ts';

const PEOPLE = 1_000;
/** Whose tokens the load uses, in turn. */
const ACTIVE = 200;
const PEER_PEOPLE = 100;

export interface SideBySide extends Measured {
  readonly starts: readonly StartFigures[];
  /** MiB, most since its start, for each process after all rounds. */
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
    const people = Array.from({ length: PEOPLE }, (_, n) => makePerson(n));
    const mysql = { databaseUrl: await databases.create('gatehouse') };
    const sqlite = { dataDir: join(place.folder, 'sqlite') };
    const copy = join(place.folder, 'floor.sqlite');
    tell('migrating and seeding');
    await (await startGatehouse('migration-mysql', place, mysql)).stop();
    await (await startGatehouse('migration-sqlite', place, sqlite)).stop();
    await seedMysql(mysql.databaseUrl, people);
    await seedSqlite(join(sqlite.dataDir, 'gatehouse.sqlite'), copy, people);

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

    const contenders = {
      floorMysql: keep(await startFloor('floor-mysql', place, mysql)),
      gatehouseMysql: keep(await startGatehouse('gatehouse-mysql', place, mysql)),
      floorSqlite: keep(await startFloor('floor-sqlite', place, { file: copy })),
      gatehouseSqlite: keep(await startGatehouse('gatehouse-sqlite', place, sqlite)),
    };
    const entries = await ownEntries(place, people, contenders);
    if (options.peers) entries.push(...(await peerEntries(place, databases, keep)));
    entries.sort((a, b) => ORDER.indexOf(a.work) - ORDER.indexOf(b.work));
    const measured = await measureRounds(entries, load, hashCapacity, options, tell);
    const peaks = Object.fromEntries(running.map((program) => [program.name, program.memory().peak]));
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
  people: readonly Person[],
  contenders: Readonly<
    Record<'floorMysql' | 'gatehouseMysql' | 'floorSqlite' | 'gatehouseSqlite', MeasuredProcess>
  >,
): Promise<Entry[]> {
  const { floorMysql, gatehouseMysql, floorSqlite, gatehouseSqlite } = contenders;
  const [administrator, ...others] = people;
  if (administrator === undefined) throw new Error('nobody was seeded');
  const active = others.slice(0, ACTIVE);
  const all = [floorMysql, gatehouseMysql, floorSqlite, gatehouseSqlite];
  const gatehouse = [gatehouseMysql, gatehouseSqlite];
  const pages = listPages(key, administrator);
  const lists: MeasuredProcess[] = [];
  for (const process of gatehouse) {
    const page = await fetch(process.url + (pages[0]?.path ?? ''), { headers: pages[0]?.headers ?? {} });
    if (page.ok) lists.push(process);
  }
  return [
    ...all.map((process): Entry => ({ work: 'renewal', process, requests: renewals(active) })),
    ...all.map((process): Entry => ({ work: 'read', process, requests: ownReads(key, active) })),
    ...lists.map((process): Entry => ({ work: 'list', process, requests: pages })),
    ...gatehouse.map((process): Entry => ({ work: 'sign-in', process, requests: signIns(others) })),
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
