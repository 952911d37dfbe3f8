import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { record, textOf, type Answer } from './support/client.ts';
import { deploy, newFolder, pick, WIDE_BUDGETS } from './support/deployment.ts';
import { tally } from './support/load.ts';
import { Mariadb } from './support/mariadb.ts';
import { mustSignIn, openMysqlStore, type Session } from './support/people.ts';
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

export const clocksApart: Scenario = {
  name: 'clocks apart',
  injected: 'replicas whose clocks are 120 s ahead and 120 s behind (libfaketime), on one MariaDB',
  run: () =>
    inOrder(async (later) => {
      const limits = {
        SIGNIN_ACCOUNT_ATTEMPTS: '5',
        ACCESS_TOKEN_TTL: '10m',
        SESSION_TTL: '1h',
        SESSION_IDLE_TTL: '1h',
      };
      const { settings } = await deploy(later, { settings: limits, people: 0 });
      const start = async (seconds: number): Promise<Replica> => {
        const replica = await Replica.start({ ...settings, ...clockOff(seconds) });
        later(() => replica.kill());
        return replica;
      };
      const fast = await start(SKEW);
      const slow = await start(-SKEW);
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
      const life = async (session: Session, minutes: number, off: number): Promise<string> => {
        const before = await start(off + minutes * 60 - SKEW - 60);
        const after = await start(off + minutes * 60 + SKEW + 60);
        const path = minutes === 10 ? 'token' : 'session';
        const ask = (one: Replica) =>
          path === 'token'
            ? one.call('GET', '/me', { token: session.access })
            : one.call('POST', '/tokens/renew_access', { body: { refresh_token: session.refresh } });
        return `${(await ask(before)).status}/${(await ask(after)).status}`;
      };
      const [fromFast, fromSlow] = [pick(sessions, 0), pick(sessions, 1)];
      const ends = [await life(fromFast, 10, 0), await life(fromSlow, 10, 0), await life(fromSlow, 60, 0)];
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
      const endsWell = ends.every((end) => end === '200/401');
      return [
        finding(
          'a future iat is not refused, nor a session',
          crossed.every(({ status }) => status === 200),
          `${crossed.length} crossed calls: ${tally(crossed)}`,
        ),
        finding(
          'nothing ends early or late by more than the skew',
          endsWell,
          `tokens and session, inside/outside of their ends: ${ends.join(' ')}`,
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

const ZONES = [
  'UTC',
  'Asia/Shanghai',
  'America/New_York',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Asia/Kathmandu',
];

export const timeZones: Scenario = {
  name: 'time zones',
  injected: `TZ of the process one of ${ZONES.join(', ')}; the server at +05:45`,
  run: (short) =>
    inOrder(async (later) => {
      const server = await Mariadb.start({ options: ['--default-time-zone=+05:45'] });
      later(() => server.kill());
      const url = await server.createDatabase('gatehouse');
      const store = await openMysqlStore(url);
      later(() => store.close());
      const settings = { ...WIDE_BUDGETS, DATA_DIR: newFolder(), DATABASE_URL: url };
      let worst = 0;
      let differ = 0;
      let zones = 0;
      for (const TZ of short ? ZONES.slice(1, 4) : ZONES) {
        zones += 1;
        const replica = await Replica.start({ ...settings, TZ });
        later(() => replica.kill());
        const before = Date.now();
        const answer = await replica.call('POST', '/signin', {
          body: { username: 'admin', password: 'plum-otter-ladder-42' },
        });
        const after = Date.now();
        const [row] = await store.rows('SELECT created_at, expires_at FROM sessions WHERE id = ?', [
          textOf(answer.data['session_id']),
        ]);
        const stored = Number(row?.['created_at']);
        worst = Math.max(worst, before - stored, stored - after);
        const claims = record(
          JSON.parse(
            Buffer.from(textOf(answer.data['access_token']).split('.')[1] ?? '', 'base64url').toString(),
          ),
        );
        if (Date.parse(textOf(answer.data['refresh_token_expires_at'])) !== Number(row?.['expires_at']))
          differ += 1;
        if (Date.parse(textOf(answer.data['access_token_expires_at'])) !== Number(claims['exp']) * 1_000)
          differ += 1;
        await replica.stop();
      }
      return [
        finding(
          'no stored instant changes',
          worst <= 0 && zones > 0,
          `${zones} zones: each stored between request and answer`,
        ),
        finding('answers, rows and tokens agree', differ === 0, `${differ} differences`),
      ];
    }),
};
