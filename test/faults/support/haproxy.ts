import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { call } from './client.ts';
import { ended, guard, SCRATCH } from './janitor.ts';

const PROGRAM = '/usr/sbin/haproxy';

export interface Balancer {
  readonly base: string;
  /** Waits until it has found every replica ready. */
  untilAllReady(): Promise<void>;
  stop(): Promise<unknown>;
}

/** A real load balancer in front of these replicas, as docs/operations.md sets it up, with a faster check. */
export async function startHaproxy(ports: readonly number[]): Promise<Balancer> {
  const port = await freePort();
  const stop = launch(
    port,
    `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 20s
  timeout http-keep-alive 30s
  timeout check 2s
frontend public
  bind 127.0.0.1:${port}
  default_backend gatehouse
  monitor-uri /all-ready
  monitor fail if { nbsrv(gatehouse) lt ${ports.length} }
backend gatehouse
  balance roundrobin
  option httpchk GET /health/ready
  default-server check inter 300ms fall 2 rise 1
${servers(ports)}
`,
  );
  const base = `http://127.0.0.1:${port}`;
  const untilAllReady = async (): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while ((await call(base, 'GET', '/all-ready', { timeout: 2_000 })).status !== 200) {
      if (Date.now() > deadline) throw new Error('haproxy does not find every replica ready');
      await sleep(50);
    }
  };
  await untilAllReady();
  return { base, untilAllReady, stop };
}

/** One address for several database servers: each new connection goes to the next that answers. */
export async function balanceTcp(
  ports: readonly number[],
): Promise<{ port: number; stop(): Promise<unknown> }> {
  const port = await freePort();
  const stop = launch(
    port,
    `defaults
  mode tcp
  timeout connect 1s
  timeout client 10m
  timeout server 10m
  retries 2
  option redispatch
listen databases
  bind 127.0.0.1:${port}
  balance roundrobin
  default-server check inter 300ms fall 2 rise 2 on-marked-down shutdown-sessions
${servers(ports)}
`,
  );
  await sleep(1_000);
  return { port, stop };
}

function servers(ports: readonly number[]): string {
  return ports.map((port, index) => `  server server${index} 127.0.0.1:${port}`).join('\n');
}

function launch(port: number, config: string): () => Promise<unknown> {
  if (!existsSync(PROGRAM)) throw new Error('haproxy is needed: apt-get install haproxy');
  const folder = join(SCRATCH, `haproxy-${port}`);
  mkdirSync(folder);
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, config);
  const child = guard(spawn(PROGRAM, ['-db', '-f', file], { stdio: 'ignore' }));
  return () => {
    child.kill('SIGKILL');
    return ended(child, 5_000);
  };
}
