import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { call, type Call, type Answer } from './client.ts';
import { ended, guard, hasEnded } from './janitor.ts';

/** It is run as `npm start` and the image run it. */
const PROGRAM = resolve('dist/src');
const READY_DEADLINE_MS = 60_000;

export const PASSWORD = 'plum-otter-ladder-42';

export type Settings = Readonly<Record<string, string>>;

/** One process of the built program, with these settings and no others. It may be stopped, killed and started again. */
export class Replica {
  readonly port: number;
  output = '';
  private readonly settings: Settings;
  private child: ChildProcess | undefined;

  private constructor(settings: Settings, port: number) {
    this.settings = settings;
    this.port = port;
  }

  /** @param settings PORT is chosen, and what is not given is that of a quiet trial */
  static async start(settings: Settings): Promise<Replica> {
    const replica = await Replica.spawn(settings);
    await replica.untilReady();
    return replica;
  }

  /** Started, and perhaps not ready yet. */
  static async spawn(settings: Settings): Promise<Replica> {
    const replica = new Replica(settings, await freePort());
    replica.spawn();
    return replica;
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.child === undefined || hasEnded(this.child);
  }

  async start(): Promise<void> {
    this.spawn();
    await this.untilReady();
  }

  spawn(): void {
    const env = {
      ...surroundings(),
      LOG_LEVEL: 'warn',
      BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
      ...this.settings,
      PORT: String(this.port),
    };
    const child = spawn(process.execPath, ['--max-semi-space-size=4', join(PROGRAM, 'main.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = guard(child);
    const collect = (chunk: Buffer) => (this.output = (this.output + String(chunk)).slice(-20_000));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_DEADLINE_MS;
    for (;;) {
      if ((await this.call('GET', '/health/ready', { timeout: 3_000 })).status === 200) return;
      if (this.hasEnded) throw new Error(`the program ended:\n${this.output}`);
      if (Date.now() > deadline) throw new Error(`not ready:\n${this.output}`);
      await sleep(30);
    }
  }

  call(method: string, path: string, options: Call = {}): Promise<Answer> {
    return call(this.base, method, path, options);
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  /** SIGTERM; answers the exit code (or the signal). */
  async stop(): Promise<number | string> {
    this.signal('SIGTERM');
    return this.exit(40_000);
  }

  async kill(): Promise<void> {
    if (this.hasEnded) return;
    this.signal('SIGKILL');
    await this.exit(10_000);
  }

  async exit(within: number): Promise<number | string> {
    return this.child === undefined ? 'never started' : ended(this.child, within);
  }
}

/** Runs an operator command of the built program; answers what it wrote, or throws with it. */
export function runCommand(settings: Settings, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...surroundings(), ...settings };
    const options = { env, timeout: 60_000 };
    execFile(process.execPath, [join(PROGRAM, 'cli/main.js'), ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.join(' ')}: ${stderr}${stdout}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

export function isBuilt(): boolean {
  return existsSync(join(PROGRAM, 'main.js'));
}

/** Settings of the program that happen to be set here must not help, or hinder, its start. */
function surroundings(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
