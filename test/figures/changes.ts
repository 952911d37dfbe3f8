import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';
import { judge, onStage, PASSWORD, percentile, type Kind, type Stage } from './stage.ts';

interface Changes {
  readonly items: ReadonlyArray<{ readonly ended?: readonly string[] }>;
  readonly next: number;
}

const WAITERS = 1_000;
const PARALLEL = 8;

/** What other services pay: how soon they hear of an end, what waiting for it costs, and how fast introspection is. */
export async function changes(kind: Kind, ends = 300): Promise<void> {
  await onStage({ kind, count: kind === 'mysql' ? 2 : 1 }, async (stage) => {
    const { admin, adminToken: token, programs, createUser } = stage;
    const key = await keyOf(stage);
    const user = await createUser('person');
    const clients = programs.map(({ url }) => new Client(url));
    await hear(stage, key, ends);

    const { refresh_token, access_token } = await admin.signIn('person', PASSWORD);
    const renew = () => admin.renew(refresh_token);
    const alone = await timesOf(renew, 5_000);
    const reader = new Client(programs[0]?.url ?? '');
    const { next } = await reader.expect<Changes>('GET', '/tokens/changes', { token: key });
    const waiting = Array.from({ length: WAITERS }, () =>
      reader.call('GET', `/tokens/changes?after=${next}&wait=25`, { token: key }).catch(() => undefined),
    );
    await sleep(3_000);
    const beside = await timesOf(renew, 5_000);
    const p99 = [alone, beside].map((times) => percentile(times, 0.99));
    judge(
      (p99[1] ?? Infinity) <= (p99[0] ?? 0) * 1.2 + 2,
      `${kind}: renewals beside ${WAITERS} waiters: p99 ${p99[1]?.toFixed(1)} ms, without them ${p99[0]?.toFixed(1)} ms`,
    );
    const asked = performance.now();
    // Waiting answers come at once, and the process ends within its grace.
    await Promise.all([programs[0]?.stop(), ...waiting]);
    const took = performance.now() - asked;
    judge(took < 10_000, `${kind}: SIGTERM with ${WAITERS} waiters: over after ${took.toFixed(0)} ms`);
    if (kind === 'sqlite' || programs[1] === undefined) return;

    const other = clients[1] ?? admin;
    // A person with a role, as most are.
    const roles = { roles: ['verifier'] };
    await other.expect('PUT', `/users/${user}/roles`, { token, body: roles });
    const body = { token: access_token };
    const rates = { me: 0, introspect: 0 };
    for (let round = 0; round < 5; round += 1) {
      rates.me += (await timesOf(() => other.call('GET', '/me', { token: access_token }), 1_000)).length;
      const ask = () => other.call('POST', '/tokens/introspect', { token: key, body });
      rates.introspect += (await timesOf(ask, 1_000)).length;
    }
    const ratio = rates.introspect / rates.me;
    judge(ratio >= 0.8, `${kind}: introspection ${ratio.toFixed(2)} of the rate of GET /me`);
    await other.call('DELETE', `/users/${user}`, { token });
    for (const client of clients) client.close();
  });
}

/** Ends sessions one after the other while somebody waits for it. */
async function hear(
  { kind, programs, admin, adminToken: token, createUser }: Stage,
  key: string,
  ends: number,
) {
  const heard = new Map<string, number>();
  const listener = new Client(programs.at(-1)?.url ?? '');
  let listening = true;
  let { next } = await listener.expect<Changes>('GET', '/tokens/changes', { token: key });
  const reading = (async () => {
    while (listening) {
      const read = await listener.expect<Changes>('GET', `/tokens/changes?after=${next}&wait=5`, {
        token: key,
      });
      for (const { ended = [] } of read.items) for (const id of ended) heard.set(id, performance.now());
      next = read.next;
    }
  })();
  const people = await Promise.all(Array.from({ length: 20 }, (_, n) => createUser(`listed-${n}`)));
  const ended = new Map<string, number>();
  for (let n = 0; n < ends; n += 1) {
    const { session_id } = await admin.signIn(`listed-${n % 20}`, PASSWORD);
    await admin.expect('DELETE', `/users/${people[n % 20]}/sessions/${session_id}`, { token });
    ended.set(session_id, performance.now());
  }
  await sleep(3_000);
  listening = false;
  await reading;
  listener.close();
  const delays = [...ended].map(([id, at]) => (heard.get(id) ?? Infinity) - at);
  const lost = delays.filter((delay) => delay === Infinity).length;
  const p99 = percentile(delays, 0.99);
  judge(
    lost === 0 && p99 <= 2_000,
    `${kind}, ${programs.length} process(es): ${ends} ends, ${lost} not heard; p50 ${percentile(delays, 0.5).toFixed(0)} ms, p99 ${p99.toFixed(0)} ms after the answer`,
  );
}

/** A key of a service account that may ask for changes and introspect. */
async function keyOf({ admin, adminToken: token }: Stage): Promise<string> {
  const scopes = ['tokens:introspect'];
  await admin.expect('POST', '/roles', { token, body: { key: 'verifier', name: 'x', permissions: scopes } });
  const account = { kind: 'service', username: 'verifier', full_name: 'x', roles: ['verifier'] };
  const { id } = await admin.expect<{ id: string }>('POST', '/users', { token, body: account });
  const body = { name: 'x', scopes };
  return (await admin.expect<{ secret: string }>('POST', `/users/${id}/keys`, { token, body })).secret;
}

/** Calls again and again, eight at a time; how long each took. */
async function timesOf(
  call: () => Promise<{ readonly ms: number; readonly status: number }>,
  duration: number,
) {
  const times: number[] = [];
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      while (performance.now() - begun < duration) {
        const { ms, status } = await call();
        if (status !== 200) throw new Error(`a call answered ${status}`);
        times.push(ms);
      }
    }),
  );
  return times;
}
