import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './support/client.ts';
import { deploy, newFolder, pick, WIDE_BUDGETS } from './support/deployment.ts';
import { startHaproxy } from './support/haproxy.ts';
import { Load, percentile, slowest, tally } from './support/load.ts';
import { Mariadb } from './support/mariadb.ts';
import { credentials, mustSignIn } from './support/people.ts';
import { Replica } from './support/replica.ts';
import { finding, timely, inOrder, type Scenario } from './support/scenario.ts';

export const rollingRestarts: Scenario = {
  name: 'rolling restarts',
  injected: 'SIGTERM to one of 2 replicas behind haproxy after the other, 8 times (short: 4), under load',
  run: (short) =>
    inOrder(async (later) => {
      const { replicas, names } = await deploy(later, { settings: { SHUTDOWN_DELAY: '2s' } });
      const balancer = await startHaproxy(replicas.map(({ port }) => port));
      later(() => balancer.stop());
      const session = await mustSignIn(replicas[0], pick(names, 0));
      const load = new Load(12, 20, (worker, turn) => {
        const { base } = balancer;
        if (worker === 0) return call(base, 'POST', '/signin', { body: credentials(pick(names, turn)) });
        if (turn % 2 === 0) return call(base, 'GET', '/me', { token: session.access });
        return call(base, 'POST', '/tokens/renew_access', { body: { refresh_token: session.refresh } });
      });
      await sleep(1_000);
      const exits: Array<number | string> = [];
      const falls: boolean[] = [];
      let longest = 0;
      for (let round = 0; round < (short ? 4 : 8); round += 1) {
        const replica = pick(replicas, round);
        const begun = performance.now();
        const exit = replica.stop();
        await sleep(100);
        const ready = await replica.call('GET', '/health/ready', { timeout: 1_500 });
        const live = await replica.call('GET', '/health/live', { timeout: 1_500 });
        falls.push(ready.status === 503 && live.status === 200);
        exits.push(await exit);
        longest = Math.max(longest, performance.now() - begun);
        await replica.start();
        // Before the other goes, as an orchestrator waits too.
        await balancer.untilAllReady();
      }
      const answers = await load.stop();
      const good = answers.every(({ status }) => status === 200);
      const [slow, what] = slowest(answers);
      return [
        finding(
          'no reset, no 5xx',
          good && answers.length > 100,
          `${tally(answers)}; p99 ${percentile(answers, 0.99)} ms, slowest ${slow} ms (${what})`,
        ),
        finding(
          'exit 0',
          exits.every((code) => code === 0),
          `exit codes ${exits.join(' ')}`,
        ),
        finding(
          'readiness falls first, liveness stays',
          falls.every(Boolean),
          `${falls.filter(Boolean).length} of ${falls.length} times within 100 ms of the signal`,
        ),
        timely(
          'within the grace period (2 s delay + 5 s drain)',
          longest < 9_000,
          `longest ${Math.round(longest)} ms`,
        ),
      ];
    }),
};

/** Moments of a start, in milliseconds after it: from "the runtime loads" to "listening". */
const MOMENTS = [50, 300, 700, 1_000, 1_300, 1_600, 2_000, 2_600];

export const signalsDuringStart: Scenario = {
  name: 'signals during start',
  injected: 'SIGTERM or SIGINT at moments of a start that waits for the migration lock, and of a free one',
  run: (short) =>
    inOrder(async (later) => {
      const server = await Mariadb.start();
      later(() => server.kill());
      const url = await server.createDatabase('gatehouse');
      const ends: string[] = [];
      let longest = 0;
      const endAt = async (
        settings: Readonly<Record<string, string>>,
        wait: number,
        signal: NodeJS.Signals,
      ) => {
        const replica = await Replica.spawn(settings);
        later(() => replica.kill());
        await sleep(wait);
        const begun = performance.now();
        replica.signal(signal);
        const end = await replica.exit(10_000).catch(() => 'still running');
        longest = Math.max(longest, performance.now() - begun);
        ends.push(String(end));
      };
      for (const [index, moment] of MOMENTS.entries()) {
        if (short && index % 2 === 1) continue;
        const signal = index % 4 < 2 ? 'SIGTERM' : 'SIGINT';
        await endAt({ DATA_DIR: newFolder(), ...WIDE_BUDGETS }, moment, signal);
      }
      const blocked = await server.hold(`SELECT GET_LOCK('gatehouse:gatehouse', 5)`);
      later(() => blocked.release());
      await endAt({ DATA_DIR: newFolder(), DATABASE_URL: url }, 4_000, 'SIGTERM');
      const clean = ends.every((end) => end === '0' || end === 'SIGTERM' || end === 'SIGINT');
      return [
        finding('the process ends by the signal or with 0', clean, ends.join(' ')),
        timely('within 2 s', longest < 2_000, `longest ${Math.round(longest)} ms`),
      ];
    }),
};
