import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './support/client.ts';
import { deploy, pick, type Deployment } from './support/deployment.ts';
import { Load, percentile, sentBetween, slowest, tally } from './support/load.ts';
import { mustSignIn, signIn } from './support/people.ts';
import { finding, timely, inOrder, type Finding, type Scenario } from './support/scenario.ts';
import { TcpProxy } from './support/tcp-proxy.ts';

/**
 * Two workers sign in, which is far from what the machine can hash; the others make cheap calls; and, apart, whether
 * the processes say that they live.
 */
async function mixedLoad({ replicas, names }: Deployment, workers = 12): Promise<{ load: Load; live: Load }> {
  const session = await mustSignIn(replicas[0], pick(names, 0));
  const load = new Load(workers, 50, (worker, turn) => {
    const replica = pick(replicas, worker);
    if (worker < 2) return signIn(replica, pick(names, turn));
    if ((worker + turn) % 2 === 0) return replica.call('GET', '/me', { token: session.access });
    return replica.call('POST', '/tokens/renew_access', { body: { refresh_token: session.refresh } });
  });
  const live = new Load(2, 100, (worker) => pick(replicas, worker).call('GET', '/health/live'));
  return { load, live };
}

/** Waits for a second of nothing but 200s, no longer than it may take; what is said of it is judged at the end. */
async function untilWell(load: Load, since: number): Promise<void> {
  for (;;) {
    await sleep(500);
    const now = performance.now();
    const isWell = now > since + 2_000 && only(sentBetween(load.answers, now - 1_500, now - 500), 200);
    if (isWell || now > since + 7_000) return;
  }
}

/** When the first second began of which every answer was a 200, counted from `since`; and what was not, later. */
function wellAfter(answers: readonly Answer[], since: number): { kept: boolean; text: string } {
  const isWell = (start: number): boolean =>
    only(sentBetween(answers, since + start, since + start + 1_000), 200);
  let start = 0;
  while (start <= 5_000 && !isWell(start)) start += 50;
  const later = sentBetween(answers, since + start, Infinity).filter(({ status }) => status !== 200);
  const text = later.length === 0 ? '' : `, later ${tally(later)}`;
  return { kept: start <= 5_000, text: start <= 5_000 ? `well ${start} ms after${text}` : `not well${text}` };
}

function only(answers: readonly Answer[], ...statuses: readonly number[]): boolean {
  return answers.length > 0 && answers.every(({ status }) => statuses.includes(status));
}

function stayed({ replicas }: Deployment, pids: readonly number[]): Finding {
  const same = replicas.every(({ pid, hasEnded }, index) => !hasEnded && pid === pids[index]);
  return finding('no restart', same, same ? 'the same processes' : 'a process ended');
}

export const databaseKilled: Scenario = {
  name: 'database killed',
  injected: 'kill -9 of MariaDB under load of two replicas; away 30 s (short: 4 s)',
  run: (short) =>
    inOrder(async (later) => {
      const deployment = await deploy(later);
      const { server, replicas } = deployment;
      const pids = replicas.map(({ pid }) => pid);
      const { load, live } = await mixedLoad(deployment);
      await sleep(1_000);
      const killed = performance.now();
      await server.kill();
      await sleep(short ? 4_000 : 30_000);
      const returning = performance.now();
      await server.start();
      const back = performance.now();
      await (short ? untilWell(load, back) : sleep(8_000));
      const answers = await load.stop();
      const alive = await live.stop();
      // A request in progress at the moment of the kill may still have been answered by the database.
      const during = sentBetween(answers, killed + 200, returning - 100);
      const [slow, what] = slowest(sentBetween(answers, killed - 1_000, back));
      const well = wellAfter(answers, back);
      return [
        finding('only 503 while it is away', only(during, 503), tally(during)),
        timely(
          'each answer within 2 s',
          slow <= 2_000,
          `${during.length} answers, slowest ${slow} ms (${what})`,
        ),
        finding(
          'liveness 200 throughout',
          only(alive, 200),
          `${tally(alive)}, slowest ${slowest(alive)[0]} ms`,
        ),
        stayed(deployment, pids),
        timely('all well 5 s after its return', well.kept, well.text),
      ];
    }),
};

export const databaseFrozen: Scenario = {
  name: 'database frozen',
  injected: 'SIGSTOP of MariaDB under load of two replicas, 20 s (short: 5 s), then SIGCONT',
  run: (short) =>
    inOrder(async (later) => {
      const deployment = await deploy(later);
      const { server, replicas } = deployment;
      later(() => server.thaw());
      const pids = replicas.map(({ pid }) => pid);
      const { load, live } = await mixedLoad(deployment, 40);
      await sleep(1_000);
      const frozen = performance.now();
      server.freeze();
      await sleep(short ? 5_000 : 20_000);
      const thawed = performance.now();
      server.thaw();
      await (short ? untilWell(load, thawed) : sleep(8_000));
      const answers = await load.stop();
      const alive = await live.stop();
      const during = sentBetween(answers, frozen + 100, thawed - 3_000);
      const [slow, what] = slowest(sentBetween(answers, frozen - 3_000, thawed + 1_000));
      const well = wellAfter(answers, thawed);
      return [
        timely(
          'every request ends within 3 s',
          slow <= 3_000,
          `${during.length} answers, p50 ${percentile(during, 0.5)} ms, slowest ${slow} ms (${what})`,
        ),
        finding('with 503 and nothing else', only(during, 503), tally(during)),
        finding(
          'liveness 200 throughout',
          only(alive, 200),
          `${tally(alive)}, slowest ${slowest(alive)[0]} ms`,
        ),
        stayed(deployment, pids),
        timely('all well 5 s after it thaws', well.kept, well.text),
      ];
    }),
};

/** Each statement then takes longer than two such delays: 0.4 s, and later longer than any deadline. */
const DELAYS = [200, 900];

export const databaseSlow: Scenario = {
  name: 'database slow',
  injected: 'a proxy adds 200 ms, then 900 ms, in each direction; then cuts every connection',
  run: (short) =>
    inOrder(async (later) => {
      let proxy: TcpProxy | undefined;
      const deployment = await deploy(later, {
        port: async (server) => {
          proxy = await TcpProxy.to(server.port);
          return proxy.port;
        },
      });
      if (proxy === undefined) throw new Error('no proxy');
      const line = proxy;
      later(() => line.close());
      const { load, live } = await mixedLoad(deployment);
      await sleep(1_000);
      const begun = performance.now();
      for (const delay of DELAYS) {
        line.delay = delay;
        await sleep(short ? 4_000 : 15_000);
      }
      const ended = performance.now();
      line.delay = 0;
      await sleep(short ? 2_000 : 4_000);
      line.cut();
      await sleep(300);
      line.mend();
      const mended = performance.now();
      await (short ? untilWell(load, mended) : sleep(8_000));
      const answers = await load.stop();
      const alive = await live.stop();
      const during = sentBetween(answers, begun, ended);
      const [slow, what] = slowest(during);
      const well = wellAfter(answers, mended);
      return [
        timely(
          'no request waits longer than its deadline, 3 s',
          slow <= 3_000,
          `${during.length} answers, p50 ${percentile(during, 0.5)} ms, slowest ${slow} ms (${what})`,
        ),
        finding('200 or 503', only(answers, 200, 503), tally(answers)),
        finding(
          'liveness 200 throughout',
          only(alive, 200),
          `${tally(alive)}, slowest ${slowest(alive)[0]} ms`,
        ),
        timely('all well 5 s after the cut', well.kept, well.text),
      ];
    }),
};
