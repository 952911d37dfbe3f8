import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Logger } from '@nestjs/common';
import { SECOND, type Duration } from '../platform/time/clock.js';
import { Periodic } from '../platform/time/periodic.js';
import { identityOf, prepareDatabaseFile } from './database-file.js';
import { lockFile, type FileLock } from './locks.js';

const LOOK_EVERY: Duration = 2 * SECOND;

/**
 * That this is the only server on a SQLite file. The lock lies beside the real file, so that links lead to one lock, and
 * is looked at again while the server runs: whoever removes its file would let a second server in.
 */
export class ServerLock {
  private readonly logger = new Logger('ServerLock');
  private readonly losing = new AbortController();
  private readonly looking = new Periodic();

  private constructor(
    private readonly file: string,
    private held: FileLock,
    private readonly name: Server | undefined,
  ) {
    this.looking.every(LOOK_EVERY, 'server lock', async () => this.look());
    this.looking.start();
  }

  /** Answers nothing when another server has the database file. */
  static async take(databaseFile: string): Promise<ServerLock | undefined> {
    const real = prepareDatabaseFile(databaseFile);
    const file = `${real}.server`;
    const held = lockFile(file);
    if (held === undefined) return undefined;
    const name = await takeName(`gatehouse-${identityOf(real)}`);
    if (name !== 'taken') return new ServerLock(file, held, name);
    held.release();
    return undefined;
  }

  /** Aborted, with the sentence for the operator as its reason, when another server has taken the lock. */
  get lost(): AbortSignal {
    return this.losing.signal;
  }

  release(): void {
    void this.looking.stop();
    this.name?.close();
    this.held.release();
  }

  private look(): void {
    if (this.held.isInPlace()) return;
    const again = this.lockAgain();
    if (again === 'no folder') return;
    if (again === undefined) return this.lose();
    this.logger.warn(`The lock file ${this.file} was removed and has been made again. Never remove it.`);
    this.held.release();
    this.held = again;
  }

  /** Where the whole folder is gone, nobody can start there; making one would be in the way of its return. */
  private lockAgain(): FileLock | 'no folder' | undefined {
    try {
      return lockFile(this.file);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'no folder';
      throw error;
    }
  }

  private lose(): void {
    const sentence =
      `DATA_DIR: the lock file ${this.file} was removed, and another Gatehouse server has taken the lock since. This ` +
      'server ends, so that only one writes to the database: keep the other one, and never remove that file.';
    this.logger.error(sentence);
    void this.looking.stop();
    this.losing.abort(new Error(sentence));
  }
}

/**
 * Takes a name by which only the file's device and inode count: an abstract socket, which Linux frees with the process.
 * It keeps a second server out in the seconds after the lock's file was removed, and where a container mounts the
 * file alone, so that its neighbours differ. It holds within one network namespace only, so it cannot replace the lock.
 */
async function takeName(name: string): Promise<Server | 'taken' | undefined> {
  if (process.platform !== 'linux') return undefined;
  const server = createServer((stranger) => stranger.destroy()).unref();
  try {
    server.listen({ path: `\0${name}`, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return 'taken';
    // Some sandboxes have no such sockets; the lock alone then has to do.
    return undefined;
  }
  server.on('error', () => undefined);
  return server;
}
