import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_DEADLINE_MS = 60_000;
const POLL_MS = 5;

export interface ProgramSettings {
  readonly name: string;
  /** Arguments of Node: the program and what goes with it. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** Asked until it answers 200; that is when the program counts as ready. */
  readonly readyPath: string;
  /** Where its output goes, as an operator's log collector would have it. */
  readonly logFile: string;
  /** Whether to load the probe; not where start and idle memory are measured. */
  readonly probed: boolean;
}

export interface ProbeReading {
  readonly cpuMicroseconds: number;
  readonly loopDelayP99: number;
  readonly loopDelayMax: number;
}

/** A program in a process of its own, started by the bench and ended by it. */
export class MeasuredProcess {
  readonly name: string;
  readonly url: string;
  /** From the start of the process to the first answer that says ready, in milliseconds. */
  readonly readyAfter: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, { name, url }: ProgramSettings, readyAfter: number) {
    this.child = child;
    this.name = name;
    this.url = url;
    this.readyAfter = readyAfter;
  }

  static async start(settings: ProgramSettings): Promise<MeasuredProcess> {
    const { name, args, env, url, logFile, probed } = settings;
    const log = openSync(logFile, 'a');
    const probe = probed ? ['--import', join(import.meta.dirname, 'probe.mjs')] : [];
    const begun = performance.now();
    const child = spawn(process.execPath, [...probe, ...args], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    try {
      await untilReady(child, url + settings.readyPath);
    } catch (error) {
      kill();
      throw new Error(`${name} did not start: ${readFileSync(logFile, 'utf8').slice(-2_000)}`, {
        cause: error,
      });
    }
    return new MeasuredProcess(child, settings, performance.now() - begun);
  }

  /** Runs `work` and tells what it cost the process meanwhile. */
  async probe<T>(work: () => Promise<T>): Promise<{ result: T; reading: ProbeReading }> {
    await this.ask('begin');
    const result = await work();
    return { result, reading: readingOf(await this.ask('end')) };
  }

  /** In MiB: resident now, and at most since the start. */
  memory(): { resident: number; peak: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    const mebibytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
    return { resident: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }

  private async ask(question: 'begin' | 'end'): Promise<unknown> {
    const answer = once(this.child, 'message', { signal: AbortSignal.timeout(10_000) });
    this.child.send(question);
    return (await answer)[0];
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const status = await fetch(url).then(
      async (answer) => (await answer.arrayBuffer(), answer.status),
      () => 0,
    );
    if (status === 200) return;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended');
    if (performance.now() > deadline) throw new Error('it was not ready in time');
    await sleep(POLL_MS);
  }
}

function readingOf(message: unknown): ProbeReading {
  if (typeof message !== 'object' || message === null || !('cpuMicroseconds' in message)) {
    throw new Error('the probe did not answer');
  }
  // The other side is probe.mjs.
  return message as ProbeReading;
}
