import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { Client } from './client.ts';

const START_DEADLINE_MS = 60_000;

/** The built program in a process of its own, on a port of its own. */
export class Program {
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  /** @param env settings; `DATA_DIR` also receives the log */
  static async start(env: Record<string, string>): Promise<Program> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const logFile = join(env['DATA_DIR'] ?? '.', `${port}.log`);
    const log = openSync(logFile, 'a');
    const child = spawn(process.execPath, ['dist/src/main.js'], {
      env: { PATH: process.env['PATH'] ?? '', ...env, PORT: String(port) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    process.once('exit', () => child.kill('SIGKILL'));
    const program = new Program(child, url);
    try {
      await program.untilReady();
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`the program did not start: ${readFileSync(logFile, 'utf8').slice(-2_000)}`, {
        cause: error,
      });
    }
    return program;
  }

  /** In MiB: resident now, and at most since the start. */
  memory(): { resident: number; peak: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
    return { resident: Math.round(field('VmRSS')), peak: Math.round(field('VmHWM')) };
  }

  /** Processor time used since the start, in milliseconds, of all threads. */
  processorTime(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // In ticks of 10 ms, user and system.
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }

  private async untilReady(): Promise<void> {
    const client = new Client(this.url);
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      const answer = await client.call('GET', '/health/ready').catch(() => undefined);
      if (answer?.status === 200) return client.close();
      if (this.child.exitCode !== null) throw new Error('it ended');
      if (Date.now() > deadline) throw new Error('it was not ready in time');
      await sleep(50);
    }
  }
}
