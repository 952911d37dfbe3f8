import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMysqlDatabase, dropMysqlDatabase } from '../support/mysql-database.ts';
import { openMysqlServer } from '../support/mysql-server.ts';
import { Client } from './client.ts';
import { Program } from './program.ts';

export type Kind = 'sqlite' | 'mysql';
export const PASSWORD = 'lantern-pocket-gravel-31';
const ADMIN_PASSWORD = 'tidal-marble-orchard-57';

/** Processes on one database, and an administrator's client. */
export interface Stage {
  readonly kind: Kind;
  readonly programs: readonly Program[];
  readonly admin: Client;
  readonly adminToken: string;
  /** Another session of the administrator; answers its access token. */
  signInAdmin(): Promise<string>;
  /** Creates a user with `PASSWORD`; answers the id. */
  createUser(username: string, more?: Record<string, string>): Promise<string>;
}

/** Starts `count` processes on a new database, runs `work`, and takes everything away again. */
export async function onStage(
  { kind, count = 1, env = {} }: { kind: Kind; count?: number; env?: Record<string, string> },
  work: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-figures-'));
  const server = kind === 'mysql' ? await openMysqlServer() : undefined;
  const database = server === undefined ? undefined : await createMysqlDatabase(server.url);
  const settings = {
    DATA_DIR: folder,
    BOOTSTRAP_ADMIN_PASSWORD: ADMIN_PASSWORD,
    ...(database === undefined ? {} : { DATABASE_URL: database }),
    ...env,
  };
  const programs: Program[] = [];
  try {
    for (let index = 0; index < count; index += 1) programs.push(await Program.start(settings));
    const admin = new Client(programs[0]?.url ?? '', '127.0.0.250');
    const signInAdmin = async () => (await admin.signIn('admin', ADMIN_PASSWORD)).access_token;
    const adminToken = await signInAdmin();
    const createUser = async (username: string, more = {}): Promise<string> => {
      const body = { username, full_name: 'A Person', password: PASSWORD, ...more };
      return (await admin.expect<{ id: string }>('POST', '/users', { token: adminToken, body })).id;
    };
    await work({ kind, programs, admin, adminToken, signInAdmin, createUser });
    admin.close();
  } finally {
    for (const program of programs) await program.stop();
    if (database !== undefined) await dropMysqlDatabase(database);
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says whether a promise held, and remembers a failure for the exit code. */
export function judge(holds: boolean, line: string): void {
  say(`${holds ? 'holds ' : 'FAILS '} ${line}`);
  if (!holds) process.exitCode = 1;
}

export function machine(): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}`;
}
