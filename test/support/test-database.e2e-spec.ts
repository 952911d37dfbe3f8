import { access, readdir } from 'node:fs/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, inject, it } from 'vitest';
import { withConnection } from './mysql-database.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

describe('createTestDatabase', () => {
  it('gives each caller an empty place of its own, which is gone after drop', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    try {
      expect(one.env['DATA_DIR']).not.toBe(other.env['DATA_DIR']);
      expect(await readdir(dataDir(one))).toEqual([]);
    } finally {
      await one.drop();
      await one.drop();
      await other.drop();
    }
    await expect(access(dataDir(one))).rejects.toThrow('ENOENT');
    await expect(access(dataDir(other))).rejects.toThrow('ENOENT');
  });

  // Not runIf: a test that belongs to one lane is no skipped test of the other.
  if (inject('lane') === 'sqlite') {
    it('leaves the choice of database to the default', async () => {
      const database = await createTestDatabase();
      await database.drop();
      expect(Object.keys(database.env)).toEqual(['DATA_DIR']);
    });
  }

  if (inject('lane') === 'mysql') {
    it('creates a database without tables whose default collation is hostile, and drops it', async () => {
      const database = await createTestDatabase();
      try {
        expect(await describeDatabase(database)).toEqual({ collation: 'utf8mb4_general_ci', tables: 0 });
      } finally {
        await database.drop();
      }
      expect(await describeDatabase(database)).toBeUndefined();
    });

    it('gives two callers two databases, under the scheme of the dialect the server speaks', async () => {
      const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
      await Promise.all([one.drop(), other.drop()]);

      expect(databaseUrl(one).pathname).not.toBe(databaseUrl(other).pathname);
      const version = await withConnection(databaseUrl(one).href, async (connection) => {
        const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
        return String(rows[0]?.['version']);
      });
      expect(databaseUrl(one).protocol).toBe(version.includes('MariaDB') ? 'mariadb:' : 'mysql:');
    });
  }
});

function dataDir(database: TestDatabase): string {
  const folder = database.env['DATA_DIR'];
  if (!folder) throw new Error('no DATA_DIR');
  return folder;
}

function databaseUrl(database: TestDatabase): URL {
  const url = database.env['DATABASE_URL'];
  if (!url) throw new Error('no DATABASE_URL');
  return new URL(url);
}

async function describeDatabase(
  database: TestDatabase,
): Promise<{ collation: string; tables: number } | undefined> {
  const name = databaseUrl(database).pathname.slice(1);
  return withConnection(databaseUrl(database).href, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT DEFAULT_COLLATION_NAME AS collation,
              (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = SCHEMA_NAME) AS tables
         FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?`,
      [name],
    );
    return rows[0] && { collation: String(rows[0]['collation']), tables: Number(rows[0]['tables']) };
  });
}
