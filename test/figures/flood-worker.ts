import { parentPort, workerData } from 'node:worker_threads';
import { Client } from './client.ts';
import { percentile } from './stage.ts';

export interface FloodTask {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  readonly usernames: 'one' | 'many';
  readonly addresses: number;
}

export interface FloodReport {
  readonly total: number;
  readonly statuses: Readonly<Record<string, { readonly count: number; readonly p99: number }>>;
  readonly withoutRetryAfter: number;
  readonly other: number;
}

// The other side is flood.ts.
const task = workerData as FloodTask;
const times = new Map<number, number[]>();
let withoutRetryAfter = 0;
let other = 0;
let serial = 0;

const until = performance.now() + task.seconds * 1_000;
await Promise.all(Array.from({ length: task.connections }, (_, index) => attack(index)));
const statuses = Object.fromEntries(
  [...times].map(([status, values]) => [status, { count: values.length, p99: percentile(values, 0.99) }]),
);
const total = [...times.values()].reduce((sum, values) => sum + values.length, 0);
// eslint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port and no window's
parentPort?.postMessage({ total, statuses, withoutRetryAfter, other } satisfies FloodReport);

async function attack(index: number): Promise<void> {
  const client = new Client(task.url, `127.1.0.${(index % task.addresses) + 1}`);
  while (performance.now() < until) {
    const username = task.usernames === 'one' ? 'attacked' : `nobody.${(serial += 1)}`;
    try {
      const { status, ms, retryAfter } = await client.guess(username, 'a guess');
      const values = times.get(status) ?? [];
      times.set(status, values);
      values.push(ms);
      if ((status === 429 || status === 503) && retryAfter === undefined) withoutRetryAfter += 1;
      if (![401, 429, 503].includes(status)) other += 1;
    } catch {
      other += 1;
    }
  }
  client.close();
}
