/**
 * A worker thread that opens connections and sends each of them a burst of pipelined requests, so that the thread which
 * measures is not held up by the answers. It ends by itself.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface Burst {
  readonly port: number;
  readonly connections: number;
  /** What each connection sends. */
  readonly bytes: string;
  /** Whether the answers are read. */
  readonly reads: boolean;
  /** How long the connections stay open, unless the server closes them. */
  readonly ms: number;
}

export interface BurstResult {
  readonly received: number;
  /** When the last connection that the server closed was closed, in milliseconds since the burst. */
  readonly lastClosed: number;
  /** Connections that the server had not closed at the end. */
  readonly open: number;
}

/** Carries out a burst in a thread of its own. */
export function pipeline(burst: Burst): Promise<BurstResult> {
  const worker = new Worker(new URL(import.meta.url), { workerData: burst });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function carryOut({ port, connections, bytes, reads, ms }: Burst): Promise<BurstResult> {
  let [received, lastClosed, open] = [0, 0, 0];
  const begun = performance.now();
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(port, '127.0.0.1', () => {
      open += 1;
      socket.write(bytes);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open -= 1;
      lastClosed = performance.now() - begun;
    });
    if (reads) socket.on('data', (chunk: Buffer) => (received += chunk.length));
    // Without a reader a socket does not notice that the other side has closed, but for a reset.
    else socket.pause();
    return socket;
  });
  const deadline = begun + ms;
  while (performance.now() < deadline && (open > 0 || performance.now() - begun < 500)) await sleep(20);
  const result = { received, lastClosed, open };
  for (const socket of sockets) socket.destroy();
  return result;
}

const given: unknown = workerData;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- the port of a thread has no origin
if (parentPort !== null && isBurst(given)) parentPort.postMessage(await carryOut(given));

function isBurst(value: unknown): value is Burst {
  return typeof value === 'object' && value !== null && 'bytes' in value;
}
