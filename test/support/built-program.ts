import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const ARTEFACTS = resolve('test-artefacts');
const READY = /(http:\/\/[\d.[\]:]+:\d+)/;

/**
 * The program as `npm run build` makes it, but in a folder of its own: built once for a run, by the first file that
 * asks. Returns the folder with the compiled files.
 */
export async function buildProgram(): Promise<string> {
  // The process of vitest itself, which the files of both lanes share.
  const folder = join(ARTEFACTS, `program-${process.ppid}`);
  const done = join(folder, 'done');
  if (isOurs(folder)) await build(folder, done);
  const deadline = Date.now() + 120_000;
  while (!existsSync(done)) {
    if (Date.now() > deadline) throw new Error('the program was not built in time');
    await sleep(200);
  }
  return join(folder, 'dist');
}

/** Whoever makes the folder builds; what ended runs left behind goes. */
function isOurs(folder: string): boolean {
  mkdirSync(ARTEFACTS, { recursive: true });
  for (const name of readdirSync(ARTEFACTS)) {
    const pid = /^program-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(ARTEFACTS, name), { recursive: true, force: true });
  }
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

async function build(folder: string, done: string): Promise<void> {
  const settings = {
    extends: '../../tsconfig.build.json',
    compilerOptions: { rootDir: '../..', outDir: './dist' },
    include: ['../../src', '../../migrations', '../../seed'],
    exclude: ['../../**/*.spec.ts', '../../**/*.testing.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  try {
    const tsc = resolve('node_modules/typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', folder]);
    // What nest-cli.json lists as assets.
    cpSync('src/openapi/assets', join(folder, 'dist/src/openapi/assets'), { recursive: true });
    writeFileSync(done, '');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export interface RunOptions {
  readonly env: Record<string, string>;
  readonly args?: readonly string[];
  /** What to run instead of this Node, with its first arguments. */
  readonly through?: readonly string[];
  readonly input?: string;
}

/** A running program of ours, its output, and its end. */
export class Program {
  output = '';
  errors = '';
  private readonly exited: Promise<unknown>;

  constructor(
    readonly child: ChildProcess,
    input: string | undefined,
  ) {
    child.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.errors += String(chunk)));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    this.exited = once(child, 'close');
  }

  /** Its address, once it says that it is ready. */
  async untilReady(): Promise<string> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const url = READY.exec(this.output)?.[1];
      if (url !== undefined) return url;
      if (this.code !== undefined)
        throw new Error(`it ended with ${this.code}: ${this.errors}${this.output}`);
      if (Date.now() > deadline) throw new Error(`not ready in time: ${this.errors}${this.output}`);
      await sleep(20);
    }
  }

  /** Its exit code, or the signal that ended it. */
  async end(): Promise<number | string> {
    await this.exited;
    return this.code ?? 'unknown';
  }

  async stop(signal: NodeJS.Signals): Promise<number | string> {
    this.child.kill(signal);
    return this.end();
  }

  private get code(): number | string | undefined {
    return this.child.exitCode ?? this.child.signalCode ?? undefined;
  }
}

/** Starts a compiled file (`src/main.js`) with these settings and no others. */
export function runProgram(dist: string, file: string, options: RunOptions): Program {
  const { env, args = [], through = [process.execPath], input } = options;
  const [command = '', ...first] = through;
  const child = spawn(command, [...first, join(dist, file), ...args], {
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return new Program(child, input);
}
