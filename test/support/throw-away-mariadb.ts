import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { freePort } from './free-port.ts';

export interface MariadbPrograms {
  server: string;
  install: string;
}

export interface RunningServer {
  /** A URL without a database name, with a user who may create databases. */
  url: string;
  close(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;

/** The programs a throw-away server needs, or undefined when this machine lacks one of them. */
export function findMariadbPrograms(): MariadbPrograms | undefined {
  const server = findProgram('mariadbd');
  const installer = findProgram('mariadb-install-db');
  return server && installer ? { server, install: installer } : undefined;
}

/**
 * Starts a MariaDB server of our own in a temporary folder: root without a password, on a free port of the loopback
 * interface only. It ends, and its folder goes, with `close()` or with this process, however that ends.
 */
export async function startThrowAwayServer(programs: MariadbPrograms): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-mariadb-'));
  const watchdog = startWatchdog(folder);
  let server: ChildProcess | undefined;
  const close = async (): Promise<void> => {
    if (server) await end(server);
    await dismiss(watchdog);
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await install(programs, folder);
    const port = await freePort();
    server = run(programs, folder, port);
    await once(server, 'spawn');
    watchdog.stdin?.write(`${server.pid}\n`);
    const url = `mariadb://root@127.0.0.1:${port}`;
    await untilItAnswers(server, url);
    return { url, close };
  } catch (error) {
    const log = tail(join(folder, 'error.log'));
    await close();
    throw new Error(`The throw-away MariaDB server did not start: ${String(error)}\n${log}`, {
      cause: error,
    });
  }
}

async function install(programs: MariadbPrograms, folder: string): Promise<void> {
  const options = [
    '--no-defaults',
    ...storage(folder),
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ];
  await promisify(execFile)(programs.install, options, { timeout: START_DEADLINE_MS });
}

function run(programs: MariadbPrograms, folder: string, port: number): ChildProcess {
  const options = [
    '--no-defaults',
    ...storage(folder),
    `--port=${port}`,
    `--socket=${join(folder, 'sock')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--log-error=${join(folder, 'error.log')}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    // Nobody will ever read this data again, so nothing waits for the disk.
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-doublewrite=0',
  ];
  // A group of its own: Ctrl+C in the terminal must not take the database away from tests that are still ending.
  return spawn(programs.server, options, { stdio: 'ignore', detached: true });
}

/** Where the data lies and whose it is; MariaDB refuses to run as root unless told to. */
function storage(folder: string): string[] {
  return [`--datadir=${join(folder, 'data')}`, ...(process.getuid?.() === 0 ? ['--user=root'] : [])];
}

/**
 * A shell that outlives this process just long enough to end the server and remove its folder: it waits for its pipe to
 * close. An exit or signal handler would do for a polite end, but not for kill -9. It reads the server's pid, then,
 * when all was put away in order, a word that dismisses it: by then the pid might belong to another process.
 */
function startWatchdog(folder: string): ChildProcess {
  const script =
    'read -r pid; read -r dismissed && exit; [ -n "$pid" ] && kill -9 "$pid"; sleep 1; rm -rf "$1"';
  const watchdog = spawn('/bin/sh', ['-c', script, 'watchdog', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Killed by someone else it only stops guarding; writing to it must not end the test run.
  watchdog.stdin?.on('error', () => undefined);
  return watchdog;
}

async function dismiss(watchdog: ChildProcess): Promise<void> {
  if (watchdog.exitCode !== null || watchdog.signalCode !== null) return;
  const gone = once(watchdog, 'exit');
  // Two lines, for the case that it never learnt a pid.
  watchdog.stdin?.end('dismissed\ndismissed\n');
  await gone;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
}

async function untilItAnswers(server: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      const connection = await mysql.createConnection({ uri: url, connectTimeout: 1000 });
      await connection.end();
      return;
    } catch (error) {
      if (server.exitCode !== null || server.signalCode !== null) {
        throw new Error(`mariadbd ended (${server.signalCode ?? server.exitCode})`, { cause: error });
      }
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

function findProgram(name: string): string | undefined {
  // Debian keeps servers in /usr/sbin, which an ordinary user's PATH lacks.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(-15).join('\n');
  } catch {
    return '(it wrote no log)';
  }
}
