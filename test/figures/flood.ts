import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Client } from './client.ts';
import type { FloodReport, FloodTask } from './flood-worker.ts';
import { judge, onStage, PASSWORD, percentile, say, type Kind } from './stage.ts';

const OWNER_ADDRESS = '127.0.0.77';

/** 200 connections that do nothing but sign in, and what the others notice. */
export async function flood(kind: Kind, seconds = 60): Promise<void> {
  await run(kind, seconds, 'one attacked account, from one address', { usernames: 'one', addresses: 1 });
  await run(kind, seconds, 'ever new names, from 200 addresses', { usernames: 'many', addresses: 200 });
}

type Shape = Pick<FloodTask, 'usernames' | 'addresses'>;

async function run(kind: Kind, seconds: number, what: string, shape: Shape): Promise<void> {
  // The owner signs in all the time, and none of those sessions may end the one that renews.
  const env = { MAX_SESSIONS_PER_USER: '1000' };
  await onStage({ kind, env }, async ({ programs, createUser }) => {
    const [program] = programs;
    if (program === undefined) return;
    await createUser('attacked');
    const owner = new Client(program.url, OWNER_ADDRESS);
    const { refresh_token } = await owner.signIn('attacked', PASSWORD);
    const idle = program.memory().resident;
    const cpu = program.processorTime();
    const task: FloodTask = { url: program.url, seconds, connections: 200, ...shape };
    const worker = new Worker(new URL('./flood-worker.ts', import.meta.url), { workerData: task });
    const reported = once(worker, 'message');
    await sleep(1_000);
    const until = performance.now() + (seconds - 2) * 1_000;
    const [renew, live, signIns] = await Promise.all([
      repeatedly(until, 20, async () => owner.renew(refresh_token)),
      repeatedly(until, 20, async () => owner.call('GET', '/health/live')),
      repeatedly(until, 1_000, async () => owner.guess('attacked', PASSWORD)),
    ]);
    const [report]: [FloodReport] = await reported.then(([message]) => [message]);
    owner.close();

    const cost = (program.processorTime() - cpu) / report.total;
    const rate = report.total / seconds;
    const tally = Object.entries(report.statuses).map(
      ([status, { count, p99 }]) => `${count} × ${status} (p99 ${p99.toFixed(0)} ms)`,
    );
    say(
      `${kind}, ${seconds} s, 200 connections: ${what}; ${rate.toFixed(0)} answers/s at ${cost.toFixed(2)} ms of CPU: ${tally.join(', ')}`,
    );
    const p99 = (answers: readonly { ms: number }[]) =>
      percentile(
        answers.map(({ ms }) => ms),
        0.99,
      );
    const failures = (answers: readonly { status: number }[]) =>
      answers.filter(({ status }) => status !== 200).length;
    judge(
      p99(renew) <= 300 && failures(renew) === 0,
      `renew p99 ${p99(renew).toFixed(0)} ms of ${renew.length}, ${failures(renew)} failed`,
    );
    judge(
      p99(live) <= 150 && failures(live) === 0,
      `live p99 ${p99(live).toFixed(0)} ms of ${live.length}, ${failures(live)} failed`,
    );
    judge(
      report.withoutRetryAfter === 0 && report.other === 0,
      `every 429 and 503 has Retry-After; ${report.other} other failures`,
    );
    const memory = program.memory();
    judge(
      memory.peak < 512,
      `memory ${idle} MiB before, ${memory.resident} MiB after, ${memory.peak} MiB at most`,
    );
    const worked = signIns.length - failures(signIns);
    // From 200 addresses at once nothing distinguishes the owner's in the queue.
    judge(
      shape.addresses > 1 || worked === signIns.length,
      `the owner signed in ${worked} of ${signIns.length} times`,
    );
  });
}

async function repeatedly<T>(until: number, every: number, work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  while (performance.now() < until) {
    results.push(await work());
    await sleep(every);
  }
  return results;
}
