import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy, deploySqlite, newFolder, pick } from './support/deployment.ts';
import { Load, percentile, slowest, tally } from './support/load.ts';
import { mustSignIn, sessionOf, signIn } from './support/people.ts';
import { finding, timely, inOrder, type Scenario } from './support/scenario.ts';

export const smallPool: Scenario = {
  name: 'small pool',
  injected: 'DATABASE_POOL_SIZE=2 and 200 parallel requests, 5 times',
  run: () =>
    inOrder(async (later) => {
      const { replicas, names } = await deploy(later, { settings: { DATABASE_POOL_SIZE: '2' } });
      const [replica] = replicas;
      const session = await mustSignIn(replica, pick(names, 0));
      const answers = [];
      for (let round = 0; round < 5; round += 1) {
        const burst = Array.from({ length: 200 }, (_, index) =>
          index % 2 === 0
            ? replica.call('GET', '/me', { token: session.access })
            : replica.call('POST', '/tokens/renew_access', { body: { refresh_token: session.refresh } }),
        );
        answers.push(...(await Promise.all(burst)));
      }
      await sleep(200);
      const { body } = await replica.call('GET', '/metrics');
      const waiting = /database_connections\{state="waiting"\} (\d+)/.exec(String(body))?.[1];
      const busy = /database_connections\{state="busy"\} (\d+)/.exec(String(body))?.[1];
      const [slow, what] = slowest(answers);
      return [
        finding(
          'all are served',
          answers.every(({ status }) => status === 200),
          tally(answers),
        ),
        timely(
          'each within 3 s',
          slow <= 3_000,
          `p50 ${percentile(answers, 0.5)} ms, slowest ${slow} ms (${what})`,
        ),
        finding('nothing stays taken', waiting === '0' && busy === '0', `${busy} busy, ${waiting} waiting`),
      ];
    }),
};

export const diskFull: Scenario = {
  name: 'disk full',
  injected: 'SQLite on a file system of 6 MB that another file fills up; then the file is removed',
  run: () =>
    inOrder(async (later) => {
      const mount = join(newFolder(), 'mount');
      mkdirSync(mount);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mount]);
      later(() => execFileSync('umount', ['-l', mount]));
      const { replica, names } = await deploySqlite(later, { DATA_DIR: mount });
      const { pid } = replica;
      const session = await mustSignIn(replica, pick(names, 0));
      const filler = join(mount, 'filler');
      const { bavail, bsize } = statfsSync(mount);
      fill(filler, bavail * bsize);
      const load = new Load(6, 10, (worker, turn) =>
        worker < 2
          ? signIn(replica, pick(names, turn))
          : replica.call('GET', '/me', { token: session.access }),
      );
      await sleep(4_000);
      const answers = await load.stop();
      const writes = answers.filter(({ what }) => what === 'POST /signin');
      const reads = answers.filter(({ what }) => what === 'GET /me');
      const full = writes.slice(-5);
      const live = await replica.call('GET', '/health/live');
      const ready = await replica.call('GET', '/health/ready');
      rmSync(filler);
      const begun = performance.now();
      let recovered = Infinity;
      while (performance.now() - begun < 5_000) {
        if (sessionOf(await signIn(replica, pick(names, 1))) === undefined) continue;
        recovered = Math.round(performance.now() - begun);
        break;
      }
      return [
        finding(
          'writes answer 503',
          full.length > 0 &&
            full.every(({ code }) => code === 10010) &&
            writes.every(({ status }) => status === 200 || status === 503),
          `${tally(writes)} (${readdirSync(mount).length} files on the disk)`,
        ),
        finding(
          'reads go on',
          reads.every(({ status }) => status === 200),
          tally(reads),
        ),
        finding(
          'liveness 200, no restart',
          live.status === 200 && replica.pid === pid && !replica.hasEnded,
          String(live.status),
        ),
        finding('ready, because reads go on', ready.status === 200, String(ready.status)),
        finding('writes succeed after space returns', recovered < 5_000, `after ${recovered} ms`),
      ];
    }),
};

function fill(file: string, bytes: number): void {
  try {
    writeFileSync(file, Buffer.alloc(bytes));
  } catch (error) {
    // Full a little earlier than it said.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

/** Resident memory, heap and connections of a process, as it tells them. */
async function usage(read: () => Promise<unknown>): Promise<{ memory: number; handles: number }> {
  const text = String(await read());
  const metric = (name: string) =>
    Number(new RegExp(`^gatehouse_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    memory: metric('process_resident_memory_bytes') / 1_048_576,
    handles: metric('nodejs_active_handles_total'),
  };
}

export const longRun: Scenario = {
  name: 'long run',
  injected: 'a mixed load on two replicas for 6 minutes (short: 25 s), faults of clients included',
  takesLong: true,
  run: (short) =>
    inOrder(async (later) => {
      const { replicas, names, server } = await deploy(later, { settings: { MAX_SESSIONS_PER_USER: '20' } });
      const [replica] = replicas;
      const session = await mustSignIn(replica, pick(names, 0));
      const load = new Load(10, short ? 2 : 10, (worker, turn) => {
        const one = pick(replicas, worker);
        switch ((worker + turn) % 12) {
          case 0:
            return signIn(one, pick(names, 1 + (turn % 7)));
          case 1:
            return one.call('POST', '/signin', {
              body: { username: `nobody${turn % 50}`, password: 'wrong-one' },
            });
          case 2:
            return one.call('POST', '/tokens/renew_access', { body: { refresh_token: 'not-one-of-ours' } });
          case 3:
            return one.call('GET', `/no-such-${turn % 7}`);
          case 4:
            // A client that goes before the answer comes.
            return one.call('GET', '/me', { token: session.access, timeout: 1 });
          case 5:
            return one.call('GET', '/me/sessions?page_size=5', { token: session.access });
          default:
            return one.call('GET', '/me', { token: session.access });
        }
      });
      const measure = () => usage(async () => (await replica.call('GET', '/metrics')).body);
      await sleep(short ? 10_000 : 90_000);
      const warm = await measure();
      await sleep(short ? 15_000 : 270_000);
      const late = await measure();
      const answers = await load.stop();
      await sleep(1_000);
      const [row] = await server.rows(
        "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE db = 'gatehouse' AND command <> 'Query'",
      );
      const connections = Number(row?.['n']);
      const grown = late.memory - warm.memory;
      const bad = answers.filter(({ status }) => status >= 500);
      return [
        finding(
          'memory flat after warm-up',
          grown < Math.max(25, warm.memory * 0.15),
          `${warm.memory.toFixed(0)} → ${late.memory.toFixed(0)} MiB over ${answers.length} requests`,
        ),
        finding(
          'connections flat',
          connections <= 22 && late.handles - warm.handles <= 12,
          `${connections} to the database; handles ${warm.handles} → ${late.handles}`,
        ),
        finding('no 5xx', bad.length === 0, tally(answers)),
      ];
    }),
};
