import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, deploySqlite, pick } from './support/deployment.ts';
import { Load } from './support/load.ts';
import { sessionOf, signIn, type Session, type Store } from './support/people.ts';
import type { Replica } from './support/replica.ts';
import { finding, inOrder, type Finding, type Scenario } from './support/scenario.ts';

/** What the service has acknowledged. */
export interface Ledger {
  readonly opened: Set<string>;
  readonly ended: Set<string>;
  readonly names: Map<string, number>;
  unacknowledged: number;
}

export function newLedger(): Ledger {
  return { opened: new Set(), ended: new Set(), names: new Map(), unacknowledged: 0 };
}

/** Each worker opens a session, renames its person and ends the session, and writes down what was acknowledged. */
export function writes(replica: Replica, names: readonly string[], ledger: Ledger): Load {
  const sessions = new Map<number, Session>();
  return new Load(8, 0, async (worker, turn) => {
    const name = pick(names, worker);
    const session = sessions.get(worker);
    if (session === undefined) {
      const answer = await signIn(replica, name);
      const opened = sessionOf(answer);
      if (opened === undefined) ledger.unacknowledged += 1;
      else {
        sessions.set(worker, opened);
        ledger.opened.add(opened.id);
      }
      // A process that is gone refuses at once: no busy loop until it is back.
      if (answer.status === 0) await sleep(20);
      return answer;
    }
    if (turn % 3 === 1) {
      const serial = (ledger.names.get(name) ?? 0) + 1;
      const rename = { body: { full_name: `Person ${serial}` }, token: session.access };
      const answer = await replica.call('PATCH', '/me', rename);
      if (answer.status === 200) ledger.names.set(name, serial);
      else ledger.unacknowledged += 1;
      return answer;
    }
    sessions.delete(worker);
    const answer = await replica.call('POST', '/signout', { token: session.access });
    if (answer.status === 200) ledger.ended.add(session.id);
    else ledger.unacknowledged += 1;
    return answer;
  });
}

/** What stands in the tables against what was acknowledged, and changes against their audit rows. */
export async function judge(
  store: Pick<Store, 'rows'>,
  ledger: Ledger,
  names: readonly string[],
): Promise<Finding[]> {
  const rows = await store.rows('SELECT id, ended_at FROM sessions');
  const endOf = new Map(rows.map(({ id, ended_at }) => [String(id), ended_at]));
  const lost = [...ledger.opened].filter((id) => !endOf.has(id)).length;
  const undone = [...ledger.ended].filter((id) => (endOf.get(id) ?? null) === null).length;
  let unnamed = 0;
  for (const name of names) {
    const [row] = await store.rows('SELECT full_name FROM users WHERE username = ?', [name]);
    const stored = Number(/^Person (\d+)$/.exec(String(row?.['full_name']))?.[1] ?? 0);
    // One more than acknowledged is a change whose answer was lost.
    if (stored < (ledger.names.get(name) ?? 0)) unnamed += 1;
  }
  const apart = await store.rows(`
    SELECT s.id FROM sessions s
    WHERE (SELECT COUNT(*) FROM audit_events a WHERE a.action = 'signin.succeeded' AND a.session_id = s.id) <> 1
       OR (SELECT COUNT(*) FROM audit_events a WHERE a.action = 'session.ended' AND a.target_id = s.id)
          <> CASE WHEN s.ended_at IS NULL THEN 0 ELSE 1 END`);
  const without = await store.rows(`
    SELECT a.id FROM audit_events a WHERE a.action = 'signin.succeeded'
      AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = a.session_id)`);
  const renamed = [...ledger.names.values()].reduce((sum, count) => sum + count, 0);
  const acknowledged = `${ledger.opened.size} sign-ins, ${ledger.ended.size} sign-outs, ${renamed} renamings`;
  return [
    finding(
      'acknowledged is durable',
      lost + undone + unnamed === 0 && ledger.opened.size > 0,
      `${acknowledged}: ${lost + undone + unnamed} lost`,
    ),
    finding(
      'change and audit row together, each once',
      apart.length + without.length === 0,
      `${rows.length} sessions, ${ledger.unacknowledged} requests unacknowledged: ${apart.length + without.length} apart`,
    ),
  ];
}

async function killAgainAndAgain(replica: Replica, names: readonly string[], kills: number): Promise<Ledger> {
  const ledger = newLedger();
  const load = writes(replica, names, ledger);
  for (let kill = 0; kill < kills; kill += 1) {
    const acknowledged = ledger.opened.size;
    const deadline = performance.now() + 10_000;
    while (ledger.opened.size < acknowledged + 5 && performance.now() < deadline) await sleep(5);
    await sleep(Math.random() * 100);
    await replica.kill();
    await replica.start();
  }
  await load.stop();
  return ledger;
}

export const killedOnSqlite: Scenario = {
  name: 'kill -9 on SQLite',
  injected: 'kill -9 of the process under parallel writes, 50 times (short: 4)',
  run: (short) =>
    inOrder(async (later) => {
      const { replica, store, names } = await deploySqlite(later);
      const ledger = await killAgainAndAgain(replica, names, short ? 4 : 50);
      const [check] = await store.rows('PRAGMA integrity_check');
      const whole = check?.['integrity_check'] === 'ok';
      return [
        ...(await judge(store, ledger, names)),
        finding('the file is whole', whole, `integrity_check ${String(check?.['integrity_check'])}`),
      ];
    }),
};

export const killedOnMysql: Scenario = {
  name: 'kill -9 on MariaDB',
  injected: 'kill -9 of one replica under parallel writes, 50 times (short: 4); then of the server',
  run: (short) =>
    inOrder(async (later) => {
      const { replicas, store, names, server } = await deploy(later);
      const ledger = await killAgainAndAgain(replicas[0], names, short ? 4 : 50);
      const first = await judge(store, ledger, names);
      // And once under the writes of a replica that lives on.
      const load = writes(replicas[1], names, ledger);
      await sleep(1_000);
      await server.kill();
      await server.start();
      await sleep(1_000);
      await load.stop();
      const second = await judge(server, ledger, names);
      return [
        ...first,
        ...second.map((one) => ({ ...one, promised: `${one.promised}, the server killed too` })),
      ];
    }),
};
