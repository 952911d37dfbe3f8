import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { call } from './client.ts';
import { ended, guard, SCRATCH } from './janitor.ts';

const PROGRAM = '/usr/sbin/haproxy';

export interface Balancer {
  readonly base: string;
  stop(): Promise<unknown>;
}

/** A real load balancer in front of these ports, as docs/operations.md sets it up, with a faster check. */
export async function startHaproxy(ports: readonly number[]): Promise<Balancer> {
  if (!existsSync(PROGRAM)) throw new Error('haproxy is needed: apt-get install haproxy');
  const port = await freePort();
  const folder = join(SCRATCH, `haproxy-${port}`);
  mkdirSync(folder);
  const file = join(folder, 'haproxy.cfg');
  const servers = ports.map((one, index) => `  server replica${index} 127.0.0.1:${one}`);
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 20s
  timeout http-keep-alive 30s
frontend public
  bind 127.0.0.1:${port}
  default_backend gatehouse
backend gatehouse
  balance roundrobin
  option httpchk GET /health/ready
  default-server check inter 300ms fall 2 rise 1
${servers.join('\n')}
`,
  );
  const child: ChildProcess = guard(spawn(PROGRAM, ['-db', '-f', file], { stdio: 'ignore' }));
  const base = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 20_000;
  while ((await call(base, 'GET', '/health/ready', { timeout: 2_000 })).status !== 200) {
    if (Date.now() > deadline) throw new Error('haproxy found no replica ready');
    await sleep(100);
  }
  return {
    base,
    stop: () => {
      child.kill('SIGKILL');
      return ended(child, 5_000);
    },
  };
}
