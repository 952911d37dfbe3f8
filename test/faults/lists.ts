import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf, type Answer } from './support/client.ts';
import { newFolder, pick, WIDE_BUDGETS } from './support/deployment.ts';
import { Load, percentile, slowest, tally } from './support/load.ts';
import { Mariadb } from './support/mariadb.ts';
import { addPeople, mustSignIn, openMysqlStore, openSqliteStore, signIn } from './support/people.ts';
import type { Store } from './support/people.ts';
import { Replica, runCommand, type Settings } from './support/replica.ts';
import { finding, inOrder, timely, type Finding, type Scenario } from './support/scenario.ts';

const READERS = 100;
const USERS = 10_000;
const POOL_SIZE = 10;

const SEARCHES = [
  '/users?q=li&page_size=100&sort=-last_sign_in_at',
  '/users?q=wang&status=disabled',
  '/users?q=%2B86&role=administrator&page_size=100',
  '/users?status=active&sort=username&page=100&page_size=100',
  '/users?q=example&created_from=2024-01-01T00:00:00Z&sort=last_sign_in_at',
];

export const listsOnSqlite: Scenario = {
  name: 'lists on sqlite',
  injected: `${READERS} parallel readers of lists, ${USERS} users, 100000 audit events, 30 s (short: 40000, 5 s)`,
  run: (short) =>
    inOrder(async (later) => {
      const folder = newFolder();
      const settings = { ...WIDE_BUDGETS, DATA_DIR: folder };
      const replica = await Replica.start(settings);
      later(() => replica.kill());
      const store = openSqliteStore(`${folder}/gatehouse.sqlite`);
      later(() => store.close());
      return readBesideOthers({ replica, settings, store, short });
    }),
};

export const listsOnMysql: Scenario = {
  name: 'lists on mysql',
  injected: `the same on MariaDB, with DATABASE_POOL_SIZE=${POOL_SIZE}`,
  run: (short) =>
    inOrder(async (later) => {
      const server = await Mariadb.start();
      later(() => server.kill());
      const url = await server.createDatabase('gatehouse');
      const settings = {
        ...WIDE_BUDGETS,
        DATA_DIR: newFolder(),
        DATABASE_URL: url,
        DATABASE_POOL_SIZE: String(POOL_SIZE),
      };
      const replica = await Replica.start(settings);
      later(() => replica.kill());
      const store = await openMysqlStore(url);
      later(() => store.close());
      let most = 0;
      const watch = async () => {
        const rows = await store.rows(
          "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = 'gatehouse' AND id <> CONNECTION_ID()",
        );
        most = Math.max(most, Number(rows[0]?.['n']));
      };
      const findings = await readBesideOthers({ replica, settings, store, short, watch });
      return [
        ...findings,
        finding('never more connections than DATABASE_POOL_SIZE', most <= POOL_SIZE, `at most ${most}`),
      ];
    }),
};

interface Place {
  readonly replica: Replica;
  readonly settings: Settings;
  readonly store: Store;
  readonly short: boolean;
  /** Looks at the database ten times a second while the lists are read. */
  readonly watch?: () => Promise<void>;
}

async function readBesideOthers({ replica, settings, store, short, watch }: Place): Promise<Finding[]> {
  const names = await addPeople(store, 8);
  await runCommand(settings, 'seed', '--users', String(USERS));
  await addEvents(store, short ? 40_000 : 100_000);
  const reader = await mustSignIn(replica);
  const owner = await mustSignIn(replica, pick(names, 0));
  const lists = [...SEARCHES, ...(await auditLists(store))];

  const readers = new Load(READERS, 0, (worker, turn) =>
    replica.call('GET', pick(lists, worker + turn), { token: reader.access }),
  );
  const signIns = new Load(2, 50, (_, turn) => signIn(replica, pick(names, turn)));
  const renewals = new Load(2, 20, () =>
    replica.call('POST', '/tokens/renew_access', { body: { refresh_token: owner.refresh } }),
  );
  const live = new Load(1, 20, () => replica.call('GET', '/health/live'));
  const end = performance.now() + (short ? 5_000 : 30_000);
  while (performance.now() < end) {
    await watch?.();
    await sleep(100);
  }
  const others: Finding[] = [];
  for (const [what, load] of Object.entries({ 'sign-ins': signIns, renewals, liveness: live }))
    others.push(...servedWell(what, await load.stop()));
  const answers = await readers.stop();
  const [slow, path] = slowest(answers);
  return [
    ...others,
    finding(
      'lists answer 200, or 503 with 10009',
      answers.every(({ status, code }) => status === 200 || code === 10009) &&
        answers.some(({ status }) => status === 200),
      tally(answers),
    ),
    timely(
      'each list within 3 s',
      slow <= 3_000,
      `p50 ${percentile(answers, 0.5)} ms, slowest ${slow} ms (${path})`,
    ),
  ];
}

function servedWell(what: string, answers: readonly Answer[]): Finding[] {
  const served = answers.filter(({ status }) => status === 200).length / answers.length;
  const p99 = percentile(answers, 0.99);
  return [
    finding(`${what}: 95 % succeed`, served >= 0.95, `${(served * 100).toFixed(1)} %: ${tally(answers)}`),
    timely(
      `${what}: p99 within 500 ms`,
      p99 <= 500,
      `p50 ${percentile(answers, 0.5)}, p99 ${p99}, slowest ${slowest(answers)[0]} ms`,
    ),
  ];
}

/** Pages of the record: the newest, those of one filter, and two filters that let nothing through together. */
async function auditLists(store: Store): Promise<string[]> {
  const actor = await administratorOf(store);
  return [
    '/audit-events?limit=100',
    `/audit-events?actor_id=${actor}&limit=100`,
    `/audit-events?actor_id=${actor}&action=signin.failed`,
  ];
}

/** Half of them are what the administrator changed, half are failed sign-ins, which are nobody's. */
async function addEvents(store: Store, count: number): Promise<void> {
  const actor = await administratorOf(store);
  const row = "(?, ?, ?, ?, 'user', ?, ?, '203.0.113.7', 'seeded', 'seeded', '{}')";
  const rows = 500;
  const begin = Date.now() - count * 1_000;
  for (let done = 0; done < count; done += rows) {
    const values = Array.from({ length: rows }, (_, index) => [
      randomUUID(),
      begin + (done + index) * 1_000,
      ...(index % 2 === 0 ? [actor, 'user.updated'] : [null, 'signin.failed']),
      randomUUID(),
      index % 2 === 0 ? 'success' : 'failure',
    ]);
    await store.rows(
      `INSERT INTO audit_events
         (id, at, actor_id, action, target_type, target_id, outcome, ip, user_agent, request_id, detail)
       VALUES ${Array.from({ length: rows }, () => row).join(', ')}`,
      values.flat(),
    );
  }
}

async function administratorOf(store: Store): Promise<string> {
  const [admin] = await store.rows("SELECT id FROM users WHERE username = 'admin'");
  return textOf(admin?.['id']);
}
