import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Column, DataSource, Entity, getMetadataArgsStorage, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.ts';
import { runStatements } from '../../migrations/run-statements.ts';
import { loadConfig } from '../../src/config/config.ts';
import { dataSourceOptions, openDatabase, type DatabaseConfig } from '../../src/database/open-database.ts';
import { migrateDown, migrateUp, migrationStatus, schemaIsReady } from '../../src/database/migrator.ts';
import { buildProgram } from '../support/built-program.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const names = migrations.map(({ name }) => name);

let place: TestDatabase;
let config: DatabaseConfig;
beforeAll(async () => {
  place = await createTestDatabase();
  config = loadConfig(place.env).database;
});
afterAll(() => place.drop());

/** Runs statements through the door, which is closed again afterwards. */
async function ask<Row>(sql: string): Promise<Row[]> {
  const database = openDatabase(dataSourceOptions(config));
  try {
    return await database.query<Row[]>(sql);
  } finally {
    await database.destroy();
  }
}

async function change(sql: string): Promise<void> {
  const database = openDatabase(dataSourceOptions(config));
  try {
    await database.execute(sql);
  } finally {
    await database.destroy();
  }
}

describe('the migrations', () => {
  it('are listed in the order of their time', () => {
    const times = names.map((name) => Number(/\d{13}$/.exec(name)?.[0]));
    expect(times).toEqual(times.toSorted());
    expect(new Set(times).size).toBe(times.length);
    const files = readdirSync('migrations').filter((file) => /^\d{13}-/.test(file));
    expect(files).toHaveLength(names.length);
  });

  it('are applied once, and then there is nothing left to do', async () => {
    expect(await migrationStatus(config)).toEqual(names.map((name) => ({ name, applied: false })));
    expect(await migrateUp(config)).toEqual(names);
    expect(await migrateUp(config)).toEqual([]);
    expect(await migrationStatus(config)).toEqual(names.map((name) => ({ name, applied: true })));
  });

  it('keep the rows of older tables on the way down to the first and up again', async () => {
    const columns =
      'id, username, full_name, status, credential_version, password_change_at, created_at, updated_at';
    await change(
      `INSERT INTO users (${columns}) VALUES ('6f1c2a3b-4d5e-4f60-8a71-92b3c4d5e6f7', 'mei', '林美 😀', 'active', 1, 1763800000001, 1763800000002, 1763800000003)`,
    );
    const before = await ask(`SELECT ${columns} FROM users`);
    for (const name of names.slice(1).toReversed()) expect(await migrateDown(config)).toBe(name);
    expect(await ask(`SELECT ${columns} FROM users`)).toEqual(before);
    expect(await migrateUp(config)).toEqual(names.slice(1));
    expect(await ask(`SELECT ${columns} FROM users`)).toEqual(before);
  });

  it('give people who are there already the terms that find them, again after a failure half-way', async () => {
    const terms = () =>
      ask('SELECT term, id FROM user_search_terms t JOIN users u ON u.short_id = t.short_id ORDER BY term');
    const id = '6f1c2a3b-4d5e-4f60-8a71-92b3c4d5e6f7';
    const expected = ['mei', '林美', '美', '😀'].map((term) => ({ term, id }));
    expect(await terms()).toEqual(expected);
    const since = names.slice(names.findIndex((name) => name.startsWith('CreateUserSearchTerms')));
    for (const name of since.slice(3).toReversed()) expect(await migrateDown(config)).toBe(name);
    await change("DELETE FROM user_search_terms WHERE term <> 'mei'");
    await change("DELETE FROM schema_migrations WHERE name LIKE '%OldSearch%' OR name LIKE '%SearchTerms%'");
    expect(await migrateUp(config)).toEqual(since);
    expect(await terms()).toEqual(expected);
  });

  it('leave no table behind on the way down, and can come up again', async () => {
    for (const name of names.toReversed()) expect(await migrateDown(config)).toBe(name);
    expect(await migrateDown(config)).toBeUndefined();
    const tables = await ask<{ name: string }>(
      config.kind === 'sqlite'
        ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    expect(tables.map(({ name }) => name)).toEqual(['schema_migrations']);
    expect(await migrateUp(config)).toEqual(names);
  });

  it('make the built-in administrator, once', async () => {
    const roles = await ask("SELECT id FROM roles WHERE role_key = 'administrator'");
    expect(roles).toEqual([{ id: '00000000-0000-4000-8000-000000000001' }]);
  });

  it('leave double quotes in texts alone', async () => {
    const source = await new DataSource(dataSourceOptions(config)).initialize();
    await runStatements(source.createQueryRunner(), [
      `CREATE TABLE "quoted" ("said" varchar(64) NOT NULL)`,
      `INSERT INTO "quoted" ("said") VALUES ('it''s "said"')`,
    ]);
    const rows = await source.query('SELECT said FROM quoted');
    await source.query('DROP TABLE quoted');
    await source.destroy();
    expect(rows).toEqual([{ said: `it's "said"` }]);
  });

  it('of a newer build do not make the schema too old', async () => {
    await change(
      "INSERT INTO schema_migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')",
    );
    const database = openDatabase(dataSourceOptions(config));
    expect(await schemaIsReady(database)).toBe(true);
    await database.execute("DELETE FROM schema_migrations WHERE name LIKE 'FromTheFuture%'");
    await database.execute('DELETE FROM schema_migrations WHERE name = ?', [names.at(-1) ?? '']);
    expect(await schemaIsReady(database)).toBe(false);
    await database.destroy();
  });
});

describe('five processes that start together', () => {
  it('migrate once', { timeout: 180_000 }, async () => {
    const program = await buildProgram();
    const shared = await createTestDatabase();
    try {
      const env = { PATH: process.env['PATH'], ...shared.env };
      const children = Array.from({ length: 5 }, () =>
        fork('test/support/migrate-in-child.ts', [program], { env, execArgv: [] }),
      );
      await Promise.all(children.map((child) => once(child, 'message')));
      const results = children.map(async (child) => {
        const exit = once(child, 'exit');
        // Not the exit, of which the system may tell before the last message was read.
        const [applied] = await Promise.race([once(child, 'message'), once(child, 'disconnect')]);
        await exit;
        return applied;
      });
      for (const child of children) child.send('begin');
      const applied = await Promise.all(results);
      expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([names, [], [], [], []]);
    } finally {
      await shared.drop();
    }
  });
});

describe('the schema', () => {
  async function driftOf(entities: Array<new () => object>): Promise<string[]> {
    const source = await new DataSource({ ...dataSourceOptions(config), entities }).initialize();
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    await source.destroy();
    return upQueries.map(({ query }) => query);
  }

  async function everyEntity(): Promise<Array<new () => object>> {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.entity.ts'),
    );
    await Promise.all(files.map((file) => import(join(process.cwd(), 'src', file))));
    return getMetadataArgsStorage()
      .tables.map(({ target }) => target)
      .filter((target): target is new () => object => typeof target === 'function');
  }

  it('is what the entities say', async () => {
    const entities = await everyEntity();
    expect(entities.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['User', 'Session', 'AuditEvent']),
    );
    expect(await driftOf(entities)).toEqual([]);
  });

  it('would be seen to differ', async () => {
    const entities = await everyEntity();
    @Entity('drifting')
    class Drifting {
      @PrimaryColumn('varchar', { length: 36 })
      id!: string;

      @Column('int')
      count!: number;
    }
    expect(await driftOf([...entities, Drifting])).not.toEqual([]);
  });
});
