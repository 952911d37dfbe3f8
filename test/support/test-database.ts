import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { createMysqlDatabase, dropMysqlDatabase } from './mysql-database.ts';

export type Lane = 'sqlite' | 'mysql';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set in vitest.config.ts; the unit project has none. */
    lane?: Lane;
    /** Set by mysql-server.ts. */
    mysqlServerUrl?: string;
  }
}

export interface TestDatabase {
  lane: Lane;
  /** The settings that point the application at this database, and at a data folder of its own. */
  env: Record<string, string>;
  /** Close the application first. May be called twice. */
  drop(): Promise<void>;
}

/** An empty database that nothing else uses: call it once per file, drop it in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const lane = inject('lane');
  if (!lane)
    throw new Error('A unit test has no database; call the file *.e2e-spec.ts and put it below test/');

  const serverUrl = inject('mysqlServerUrl');
  if (lane === 'mysql' && !serverUrl) throw new Error('mysql-server.ts did not provide a server');
  const databaseUrl = lane === 'mysql' && serverUrl ? await createMysqlDatabase(serverUrl) : undefined;

  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  return {
    lane,
    env: { DATA_DIR: folder, ...(databaseUrl && { DATABASE_URL: databaseUrl }) },
    drop: async () => {
      await rm(folder, { recursive: true, force: true });
      if (databaseUrl) await dropMysqlDatabase(databaseUrl);
    },
  };
}
