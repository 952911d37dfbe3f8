import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

// `npm start` builds first.
const READY_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 30_000;

export interface Answer {
  status: number;
  body: unknown;
}

/** The program as the README starts it: `npm start` in `folder`, with these settings and no others. */
export class StartedProgram {
  private readonly npm: ChildProcess;
  private readonly port: number;
  private readonly open: Socket[] = [];
  private readonly atExit = (): void => this.kill();
  output = '';

  private constructor(folder: string, settings: Record<string, string>, port: number) {
    this.port = port;
    this.npm = spawn('npm', ['start'], {
      cwd: folder,
      env: { ...surroundings(), ...settings, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that `kill` reaches the program behind npm too.
      detached: true,
    });
    process.prependOnceListener('exit', this.atExit);
    this.npm.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    this.npm.stderr?.on('data', (chunk) => (this.output += String(chunk)));
  }

  static async start(folder: string, settings: Record<string, string>): Promise<StartedProgram> {
    const program = new StartedProgram(folder, settings, await freePort());
    await once(program.npm, 'spawn');
    return program;
  }

  async untilReady(): Promise<void> {
    const deadline = Date.now() + READY_DEADLINE_MS;
    for (;;) {
      const answer = await this.call('GET', '/health/ready').catch(() => undefined);
      if (answer?.status === 200) return;
      if (this.ended) throw new Error(`npm start ended with ${this.npm.signalCode ?? this.npm.exitCode}`);
      if (Date.now() > deadline) throw new Error(`not ready after ${READY_DEADLINE_MS} ms`);
      await sleep(200);
    }
  }

  /** One request with curl, which is what the README shows and which keeps no connection. */
  async call(
    method: string,
    path: string,
    options: { body?: unknown; token?: string } = {},
  ): Promise<Answer> {
    const args = ['-sS', '--noproxy', '*', '--max-time', '20', '-w', '\n%{http_code}', '-X', method];
    if (options.body !== undefined) {
      args.push('-H', 'Content-Type: application/json', '-d', JSON.stringify(options.body));
    }
    if (options.token !== undefined) args.push('-H', `Authorization: Bearer ${options.token}`);
    const { stdout } = await promisify(execFile)('curl', [...args, `http://127.0.0.1:${this.port}${path}`]);
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) };
  }

  /** Makes one request on a connection that stays open for as long as the program lets it. */
  async keepConnectionOpen(): Promise<void> {
    const socket = connect(this.port, '127.0.0.1');
    // The program may cut the connection when it stops; that is its right.
    socket.on('error', () => undefined);
    this.open.push(socket);
    await once(socket, 'connect');
    socket.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n');
    const [head] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) });
    if (!String(head).startsWith('HTTP/1.1 200'))
      throw new Error(`the kept connection answered ${String(head)}`);
    if (socket.destroyed || socket.readableEnded) throw new Error('the connection was not kept alive');
  }

  /** Sends npm SIGTERM, as a supervisor does, and returns the exit code (or the signal) it ended with. */
  async stop(): Promise<number | string> {
    if (this.ended) throw new Error('it had ended before it was told to');
    const ended = once(this.npm, 'exit', { signal: AbortSignal.timeout(STOP_DEADLINE_MS) });
    this.npm.kill('SIGTERM');
    await ended;
    if (await this.listens()) throw new Error('npm ended, but the program still listens');
    return this.npm.signalCode ?? this.npm.exitCode ?? 'unknown';
  }

  /** For the way out only: takes away whatever is left, without asking. */
  kill(): void {
    process.off('exit', this.atExit);
    for (const socket of this.open) socket.destroy();
    if (this.npm.pid === undefined) return;
    try {
      process.kill(-this.npm.pid, 'SIGKILL');
    } catch {
      // Nobody of the group is left, as it should be.
    }
  }

  private get ended(): boolean {
    return this.npm.exitCode !== null || this.npm.signalCode !== null;
  }

  private async listens(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}

/** What any shell has. Settings of the program that happen to be set here must not help, or hinder, its start. */
function surroundings(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
