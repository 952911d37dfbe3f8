import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import mysql from 'mysql2/promise';
import { freePort } from '../../support/free-port.ts';
import { findMariadbPrograms } from '../../support/throw-away-mariadb.ts';
import { ended, guard, hasEnded, SCRATCH } from './janitor.ts';

const START_DEADLINE_MS = 90_000;
let servers = 0;

/** As root, the account that Debian's package makes: rsync, which copies a cluster's state, does not stay root. */
const SERVICE_USER = process.getuid?.() === 0 ? Number(execFileSync('id', ['-u', 'mysql'])) : undefined;

export interface MariadbOptions {
  /** More options of the server's command line. */
  readonly options?: readonly string[];
  /** The first node of a cluster forms it: an option for the first start only. */
  readonly first?: readonly string[];
}

/**
 * A MariaDB server of our own that may be killed, frozen and started again on the same data and port. It keeps what
 * it acknowledged, as a server in production does.
 */
export class Mariadb {
  readonly port: number;
  private readonly folder: string;
  private readonly program: string;
  private readonly more: readonly string[];
  private child: ChildProcess | undefined;
  private database: string | undefined;

  private constructor(folder: string, port: number, program: string, more: readonly string[]) {
    this.folder = folder;
    this.port = port;
    this.program = program;
    this.more = more;
  }

  static async start({ options = [], first = [] }: MariadbOptions = {}): Promise<Mariadb> {
    const programs = findMariadbPrograms();
    if (!programs)
      throw new Error('mariadbd and mariadb-install-db are needed: apt-get install mariadb-server');
    servers += 1;
    const folder = join(SCRATCH, `mariadb-${servers}`);
    mkdirSync(folder);
    if (SERVICE_USER !== undefined) chownSync(folder, SERVICE_USER, -1);
    const server = new Mariadb(folder, await freePort(), programs.server, options);
    await promisify(execFile)(
      programs.install,
      ['--no-defaults', ...server.storage, '--auth-root-authentication-method=normal', '--skip-test-db'],
      { timeout: START_DEADLINE_MS },
    );
    await server.start(first);
    return server;
  }

  /** A URL without a database name. */
  get url(): string {
    return `mariadb://root@127.0.0.1:${this.port}`;
  }

  async start(more: readonly string[] = []): Promise<void> {
    const { folder } = this;
    const options = [
      '--no-defaults',
      ...this.storage,
      `--port=${this.port}`,
      `--socket=${join(folder, 'sock')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--log-error=${join(folder, 'error.log')}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=32M',
      ...this.more,
      ...more,
    ];
    this.child = guard(spawn(this.program, options, { stdio: 'ignore', detached: true }));
    await this.untilItAnswers();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    if (this.child === undefined || hasEnded(this.child)) return;
    this.child.kill('SIGKILL');
    await ended(this.child, 10_000);
  }

  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Creates an empty database, with the wrong default collation on purpose; returns its URL. */
  async createDatabase(name: string): Promise<string> {
    await this.rows(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`);
    this.database = name;
    return `${this.url}/${name}`;
  }

  /** Runs one statement on a connection of its own, in the database that was created last. */
  async rows(
    sql: string,
    params: readonly (string | number)[] = [],
  ): Promise<readonly Record<string, unknown>[]> {
    const uri = this.database === undefined ? this.url : `${this.url}/${this.database}`;
    const connection = await mysql.createConnection({ uri, connectTimeout: 5_000 });
    try {
      const [rows] = await connection.query(sql, [...params]);
      return Array.isArray(rows) ? rows.map((row) => ({ ...row })) : [];
    } finally {
      await connection.end();
    }
  }

  /** Runs a statement on a connection that stays open: a lock of somebody else. */
  async hold(sql: string): Promise<{ release(): Promise<void> }> {
    const connection = await mysql.createConnection({ uri: this.url, connectTimeout: 5_000 });
    await connection.query(sql);
    return { release: () => connection.end() };
  }

  private get storage(): string[] {
    const user = SERVICE_USER === undefined ? [] : ['--user=mysql'];
    return [`--datadir=${join(this.folder, 'data')}`, ...user];
  }

  private async untilItAnswers(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      try {
        await this.rows('SELECT 1');
        return;
      } catch (error) {
        const gone = this.child !== undefined && hasEnded(this.child);
        if (gone || Date.now() > deadline)
          throw new Error(`MariaDB did not start:\n${this.log()}`, { cause: error });
        await sleep(50);
      }
    }
  }

  /** The last errors, or else the last lines. */
  private log(): string {
    const lines = readFileSync(join(this.folder, 'error.log'), 'utf8').split('\n');
    const errors = lines.filter((line) => line.includes('[ERROR]'));
    return (errors.length > 0 ? errors : lines).slice(-12).join('\n');
  }
}
