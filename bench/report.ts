import type { HashFigures } from './hash-capacity.ts';
import type { Machine } from './machine.ts';
import type { Sample } from './rounds.ts';
import type { SideBySide } from './side-by-side.ts';
import { median, spread, type Spread } from './statistics.ts';
import type { WorkName } from './work.ts';

/** One line: a contender at one work, over all rounds. */
export interface Line {
  readonly work: WorkName;
  readonly contender: string;
  readonly rate: Spread;
  readonly p50: number;
  readonly p99: number;
  /** CPU microseconds of its process for one answer. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly loopDelayP99: number;
  readonly errors: number;
}

/** A promise, what it asks and what came out. */
export interface Target {
  readonly name: string;
  readonly asked: string;
  readonly value: Spread;
  readonly unit: string;
  readonly met: boolean;
}

export interface Report {
  readonly machine: Machine;
  readonly lines: readonly Line[];
  readonly hashing: { readonly rate: Spread; readonly median: number };
  readonly starts: readonly { readonly name: string; readonly ready: Spread; readonly idle: Spread }[];
  readonly peaks: Readonly<Record<string, number>>;
  readonly targets: readonly Target[];
}

export function reportOf(machine: Machine, measured: SideBySide): Report {
  const { samples, hashing, starts, peaks } = measured;
  const names = [...new Set(starts.map(({ name }) => name))];
  const startLines = names.map((name) => {
    const own = starts.filter((start) => start.name === name);
    return {
      name,
      ready: spread(own.map((start) => start.readyAfter)),
      idle: spread(own.map((start) => start.idle)),
    };
  });
  const summary = {
    rate: spread(hashing.map(({ rate }) => rate)),
    median: median(hashing.map((one) => one.median)),
  };
  return {
    machine,
    lines: linesOf(samples),
    hashing: summary,
    starts: startLines,
    peaks,
    targets: [
      ...rateTargets(samples, hashing),
      ...startLines.flatMap(({ name, ready, idle }) => [
        atMost(`${name}: start to ready`, 2_000, ready, 'ms'),
        atMost(`${name}: idle memory`, 150, idle, 'MiB'),
        atMost(`${name}: most memory under sign-ins`, 220, spread([peaks[name] ?? Number.NaN]), 'MiB'),
      ]),
    ],
  };
}

function linesOf(samples: readonly Sample[]): Line[] {
  const groups = Map.groupBy(samples, ({ work, contender }) => `${work} ${contender}`);
  const lines = [...groups.values()].flatMap((group): Line[] => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      {
        work: first.work,
        contender: first.contender,
        rate: spread(group.map(({ rate }) => rate)),
        p50: median(group.map(({ p50 }) => p50)),
        p99: median(group.map(({ p99 }) => p99)),
        cpu: median(group.map(cpuOf)),
        loopDelayP99: median(group.map(({ loopDelayP99 }) => loopDelayP99)),
        errors: group.reduce((sum, { errors }) => sum + errors, 0),
      },
    ];
  });
  return lines.sort((a, b) => (a.work + a.contender < b.work + b.contender ? -1 : 1));
}

/** Ratios are taken within a round and only then summarised: what else the machine did then touched both sides. */
function rateTargets(samples: readonly Sample[], hashing: readonly HashFigures[]): Target[] {
  const find = (work: WorkName, contender: string) =>
    samples.filter((sample) => sample.work === work && sample.contender === contender);
  const ratio = (work: WorkName, ours: string, theirs: string) =>
    find(work, ours).map((sample) => {
      const other = find(work, theirs).find(({ round }) => round === sample.round);
      return sample.rate / (other?.rate ?? Number.NaN);
    });
  const hashShare = (contender: string) =>
    find('sign-in', contender).map(({ rate, round }) => rate / (hashing[round - 1]?.rate ?? Number.NaN));
  const hashTimes = (contender: string) =>
    find('sign-in', contender).map(({ p99, round }) => p99 / (hashing[round - 1]?.median ?? Number.NaN));
  const ours = samples.filter(({ contender }) => contender.startsWith('gatehouse'));
  const errors = ours.map((sample) => sample.errors);
  return [
    atLeast('renewal / floor, MySQL', 0.55, ratio('renewal', 'gatehouse-mysql', 'floor-mysql')),
    atLeast('renewal / floor, SQLite', 0.55, ratio('renewal', 'gatehouse-sqlite', 'floor-sqlite')),
    atLeast('/me / floor, MySQL', 0.7, ratio('read', 'gatehouse-mysql', 'floor-mysql')),
    atLeast('/me / floor, SQLite', 0.75, ratio('read', 'gatehouse-sqlite', 'floor-sqlite')),
    atLeast('sign-in / hash capacity, MySQL', 0.7, hashShare('gatehouse-mysql')),
    atLeast('sign-in / hash capacity, SQLite', 0.8, hashShare('gatehouse-sqlite')),
    atMost('sign-in p99 / hash time, MySQL', 10, spread(hashTimes('gatehouse-mysql')), '×'),
    atMost('sign-in p99 / hash time, SQLite', 10, spread(hashTimes('gatehouse-sqlite')), '×'),
    atLeast('sign-in / better-auth, MySQL', 5, ratio('sign-in', 'gatehouse-mysql', 'better-auth-default')),
    atLeast(
      'sign-in / better-auth with argon2id',
      1,
      ratio('sign-in', 'gatehouse-mysql', 'better-auth-argon2id'),
    ),
    atLeast('read / better-auth, MySQL', 3, ratio('read', 'gatehouse-mysql', 'better-auth-default')),
    ...[...Map.groupBy(ours, ({ contender }) => contender)].map(([name, group]) =>
      atMost(`${name}: loop delay p99`, 30, spread(group.map(({ loopDelayP99 }) => loopDelayP99)), 'ms'),
    ),
    atMost('errors of Gatehouse', 0, spread([errors.reduce((sum, count) => sum + count, 0)]), ''),
  ].filter(({ value }) => !Number.isNaN(value.median));
}

function cpuOf({ cpuMicroseconds, answers }: Sample): number {
  return cpuMicroseconds / answers;
}

function atLeast(name: string, bound: number, values: readonly number[]): Target {
  const value = spread(values);
  return { name, asked: `≥ ${bound}`, value, unit: '×', met: value.median >= bound };
}

function atMost(name: string, bound: number, value: Spread, unit: string): Target {
  return { name, asked: `≤ ${bound}`, value, unit, met: value.median <= bound };
}
