import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { record, textOf, type Answer } from './support/client.ts';
import { newFolder, pick, WIDE_BUDGETS } from './support/deployment.ts';
import { tally } from './support/load.ts';
import { Mariadb } from './support/mariadb.ts';
import {
  mustSignIn,
  openMysqlStore,
  openSqliteStore,
  sessionOf,
  signIn,
  type Session,
  type Store,
} from './support/people.ts';
import { Replica, type Settings } from './support/replica.ts';
import { finding, inOrder, type Scenario } from './support/scenario.ts';

const LIBRARIES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
);

/** Settings that make a process believe in another time; its timers keep their pace. */
function clockOff(seconds: number): Settings {
  const library = LIBRARIES.find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is needed: apt-get install faketime');
  const FAKETIME = `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}s`;
  return { LD_PRELOAD: library, FAKETIME, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

const SKEW = 120;

type Ask = (replica: Replica, session: Session) => Promise<Answer>;

export const clocksApart: Scenario = {
  name: 'clocks apart',
  injected: 'replicas whose clocks are 120 s ahead and 120 s behind (libfaketime), on one MariaDB',
  run: () =>
    inOrder(async (later) => {
      const server = await Mariadb.start();
      later(() => server.kill());
      const settings = {
        ...WIDE_BUDGETS,
        DATA_DIR: newFolder(),
        DATABASE_URL: await server.createDatabase('gatehouse'),
        SIGNIN_ACCOUNT_ATTEMPTS: '5',
        ACCESS_TOKEN_TTL: '10m',
        SESSION_TTL: '1h',
        SESSION_IDLE_TTL: '1h',
      };
      const start = async (seconds: number): Promise<Replica> => {
        const replica = await Replica.spawn({ ...settings, ...clockOff(seconds) });
        later(() => replica.kill());
        await replica.untilReady();
        return replica;
      };
      const [fast, slow] = await Promise.all([start(SKEW), start(-SKEW)]);
      const sessions = [await mustSignIn(fast), await mustSignIn(slow)];
      const crossed: Answer[] = [];
      for (const { access, refresh } of sessions) {
        for (const replica of [fast, slow]) {
          crossed.push(await replica.call('GET', '/me', { token: access }));
          crossed.push(
            await replica.call('POST', '/tokens/renew_access', { body: { refresh_token: refresh } }),
          );
        }
      }
      // Replicas whose clocks are further on see the ends before they come: 60 s inside and outside of them.
      const aroundTheEnd = async (minutes: number, ask: Ask): Promise<string[]> => {
        const around = [minutes * 60 - SKEW - 60, minutes * 60 + SKEW + 60];
        const [before, after] = await Promise.all(around.map(start));
        if (before === undefined || after === undefined) return [];
        const ends: string[] = [];
        for (const session of sessions) {
          ends.push(`${(await ask(before, session)).status}/${(await ask(after, session)).status}`);
        }
        await Promise.all([before.kill(), after.kill()]);
        return ends;
      };
      const ends = [
        ...(await aroundTheEnd(10, (one, { access }) => one.call('GET', '/me', { token: access }))),
        ...(await aroundTheEnd(60, (one, { refresh }) =>
          one.call('POST', '/tokens/renew_access', { body: { refresh_token: refresh } }),
        )),
      ];
      const fromFast = pick(sessions, 0);
      const guesses = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          pick([fast, slow], index).call('POST', '/signin', {
            body: { username: 'somebody', password: 'wrong-guess' },
          }),
        ),
      );
      const verified = guesses.filter(({ status }) => status === 401).length;
      await sleep(500);
      const more = await Promise.all(
        [fast, slow].map((one) =>
          one.call('POST', '/signin', { body: { username: 'somebody', password: 'wrong-guess' } }),
        ),
      );
      const limited = more.every(({ status }) => status === 429);
      await slow.call('POST', '/signout', { token: fromFast.access });
      const afterEnd = await fast.call('GET', '/me', { token: fromFast.access });
      const endsWell = ends.length === 4 && ends.every((end) => end === '200/401');
      return [
        finding(
          'a future iat is not refused, nor a session',
          crossed.every(({ status }) => status === 200),
          `${crossed.length} crossed calls: ${tally(crossed)}`,
        ),
        finding(
          'nothing ends early or late by more than the skew',
          endsWell,
          `two tokens and two sessions, inside/outside of their ends: ${ends.join(' ')}`,
        ),
        finding(
          'no budget is exceeded',
          verified <= 5 && limited,
          `5 guesses allowed, 40 sent to both: ${tally(guesses)}; then ${tally(more)}`,
        ),
        finding(
          'a session ended by one is ended for the other',
          afterEnd.status === 401,
          String(afterEnd.status),
        ),
      ];
    }),
};

/** Behind, ahead by more than half a day, a change of half an hour, odd minutes, and one that does not exist. */
const ZONES = [
  'America/New_York',
  'Pacific/Kiritimati',
  'Australia/Lord_Howe',
  'Asia/Shanghai',
  'Asia/Kathmandu',
  'No/Such_Zone',
  'UTC',
];

/** The instants that nothing moves, of every session and user. */
async function instants(store: Store): Promise<ReadonlyMap<string, string>> {
  const rows = [
    ...(await store.rows('SELECT id, created_at, expires_at FROM sessions')),
    ...(await store.rows('SELECT id, created_at, updated_at FROM users')),
  ];
  return new Map(rows.map(({ id, ...rest }) => [String(id), JSON.stringify(rest)]));
}

/** What differs when a process in each of these zones after the other works on the same database. */
async function throughZones(
  zones: readonly string[],
  settings: Settings,
  open: () => Promise<Store>,
): Promise<{ changed: number; misread: number; answers: number }> {
  const result = { changed: 0, misread: 0, answers: 0 };
  let first: Session | undefined;
  let known: ReadonlyMap<string, string> = new Map();
  let listed = '';
  for (const TZ of zones) {
    const replica = await Replica.start({ ...settings, TZ });
    const store = await open();
    try {
      const before = Date.now();
      const answer = await signIn(replica, 'admin');
      const after = Date.now();
      const session = sessionOf(answer);
      if (session === undefined) throw new Error(`sign-in under ${TZ}: ${answer.status}`);
      result.answers += 1;
      const [row] = await store.rows('SELECT created_at, expires_at FROM sessions WHERE id = ?', [
        session.id,
      ]);
      const created = Number(row?.['created_at']);
      if (created < before || created > after) result.changed += 1;
      const now = await instants(store);
      for (const [id, value] of known) if (now.get(id) !== value) result.changed += 1;
      known = now;

      const claims = Buffer.from(session.access.split('.')[1] ?? '', 'base64url').toString();
      const ends = [
        [answer.data['refresh_token_expires_at'], row?.['expires_at']],
        [answer.data['access_token_expires_at'], Number(record(JSON.parse(claims))['exp']) * 1_000],
      ];
      for (const [told, meant] of ends) if (Date.parse(textOf(told)) !== Number(meant)) result.misread += 1;
      // And as every zone tells the session that the first one opened.
      first ??= session;
      const mine = await replica.call('GET', '/me/sessions', { token: first.access });
      const { items } = mine.data;
      const own = Array.isArray(items) ? items.map(record).find(({ id }) => id === first?.id) : undefined;
      const told = JSON.stringify([own?.['created_at'], own?.['expires_at']]);
      if (own === undefined || (listed !== '' && told !== listed)) result.misread += 1;
      listed = told;
    } finally {
      await store.close();
      await replica.kill();
    }
  }
  return result;
}

export const timeZones: Scenario = {
  name: 'time zones',
  injected: `TZ of the process ${ZONES.join(', ')} (short: 3 of them), on SQLite and on a MariaDB at +05:45`,
  run: (short) =>
    inOrder(async (later) => {
      const server = await Mariadb.start({ options: ['--default-time-zone=+05:45'] });
      later(() => server.kill());
      const url = await server.createDatabase('gatehouse');
      const zones = short ? ZONES.slice(0, 3) : ZONES;
      const DATA_DIR = newFolder();
      const both = await Promise.all([
        throughZones(zones, { ...WIDE_BUDGETS, DATA_DIR: newFolder(), DATABASE_URL: url }, () =>
          openMysqlStore(url),
        ),
        throughZones(zones, { ...WIDE_BUDGETS, DATA_DIR }, async () =>
          openSqliteStore(join(DATA_DIR, 'gatehouse.sqlite')),
        ),
      ]);
      const sum = (key: 'changed' | 'misread' | 'answers') => both[0][key] + both[1][key];
      return [
        finding(
          'no stored instant changes',
          sum('changed') === 0 && sum('answers') === 2 * zones.length,
          `${zones.length} zones, each on both databases: ${sum('changed')} instants off or moved`,
        ),
        finding('answers, rows and tokens agree', sum('misread') === 0, `${sum('misread')} differences`),
      ];
    }),
};
