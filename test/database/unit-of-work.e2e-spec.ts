import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import type { Database } from '../../src/database/database.ts';
import { DuplicateKeyError, MissingValueError } from '../../src/database/driver-errors.ts';
import { dataSourceOptions, openDatabase } from '../../src/database/open-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const UNAVAILABLE = { definition: { code: 10010, status: 503 } };

@Entity('work')
class Work {
  @PrimaryColumn('varchar', { length: 36 })
  id!: string;

  @Column('varchar', { length: 36 })
  name!: string;

  @Column('bigint')
  at!: number;
}

let place: TestDatabase;
let database: Database;
beforeAll(async () => {
  place = await createTestDatabase();
  const env = { ...place.env, ...(inject('lane') === 'mysql' ? { DATABASE_POOL_SIZE: '3' } : {}) };
  const options = dataSourceOptions(loadConfig(env).database);
  database = await openDatabase({ ...options, entities: [Work] }).initialize();
  await database.execute(
    'CREATE TABLE work (id varchar(36) NOT NULL PRIMARY KEY, name varchar(36) NOT NULL, at bigint NOT NULL)',
  );
  await database.execute('CREATE UNIQUE INDEX work_name ON work (name)');
});
afterAll(async () => {
  await database.destroy();
  await place.drop();
});
beforeEach(() => database.execute('DELETE FROM work'));

const works = () => database.getRepository(Work);
const row = (id: string) => ({ id, name: id, at: 1_763_800_000_123 });

async function ids(): Promise<string[]> {
  return (await works().find({ order: { id: 'ASC' } })).map(({ id }) => id);
}

async function outcome<T>(promise: Promise<T>): Promise<T | unknown> {
  return promise.catch((error: unknown) => error);
}

describe('a repository, a manager and a query builder', () => {
  it('belong to the transaction around them, and to no other', async () => {
    const begun = Promise.withResolvers<void>();
    const rolledBack = outcome(
      database.transaction(async (manager) => {
        await works().insert(row('repository'));
        await manager.insert(Work, row('manager'));
        await database.createQueryBuilder().insert().into(Work).values(row('builder')).execute();
        await database.query('INSERT INTO work (id, name, at) VALUES (?, ?, 0)', ['query', 'query']);
        expect(await ids()).toEqual(['builder', 'manager', 'query', 'repository']);
        begun.resolve();
        await sleep(50);
        throw new Error('changed my mind');
      }),
    );
    await begun.promise;
    await works().insert(row('other'));
    await rolledBack;
    expect(await ids()).toEqual(['other']);
  });

  it('keep 40 transactions at once apart', async () => {
    const settled = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        database.transaction(async () => {
          await works().insert(row(`${index}-a`));
          await works().update({ id: `${index}-a` }, { name: `${index}-changed` });
          if (index % 2 === 1) throw new Error('changed my mind');
          await works().insert(row(`${index}-b`));
        }),
      ),
    );
    const committed = settled.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    expect(committed.every((index) => index % 2 === 0)).toBe(true);
    expect(committed.length).toBeGreaterThan(10);
    expect(await ids()).toEqual(committed.flatMap((index) => [`${index}-a`, `${index}-b`]).toSorted());
  });

  it('read numbers as numbers, and tell what a statement matched', async () => {
    await works().insert(row('one'));
    expect(await works().findOneBy({ id: 'one' })).toEqual(row('one'));
    expect((await works().update({ id: 'one' }, { at: row('one').at })).affected).toBe(1);
    expect((await works().update({ id: 'none' }, { at: 1 })).affected).toBe(0);
    expect((await works().delete({ id: 'one' })).affected).toBe(1);
  });

  it('fail by the names of this house', async () => {
    await works().insert(row('one'));
    const twice = await outcome(works().insert({ ...row('two'), name: 'one' }));
    expect(twice).toBeInstanceOf(DuplicateKeyError);
    expect(twice).toMatchObject({ key: 'work_name' });
    const without = works().update({ id: 'one' }, { name: () => 'NULL' });
    expect(await outcome(without)).toBeInstanceOf(MissingValueError);
  });

  it('are told when they come after their transaction', async () => {
    const late: Array<Promise<unknown>> = [];
    await database.transaction(async () => {
      late.push(outcome(sleep(20).then(() => works().insert(row('late')))));
    });
    expect(String(await late[0])).toMatch(/after its transaction had ended/);
    expect(await ids()).toEqual([]);
  });

  it('begin no transaction that the others would not know of', async () => {
    await expect(works().manager.transaction(async () => undefined)).rejects.toThrow(/Database\.transaction/);
    await expect(works().save(row('saved'))).rejects.toThrow(/Database\.transaction/);
    await database.transaction(() => works().save(row('saved')));
    expect(await ids()).toEqual(['saved']);
  });
});

describe('work that never ends', () => {
  it('is rolled back at its deadline, and leaves the database to others', { timeout: 30_000 }, async () => {
    const wakeUp = Promise.withResolvers<void>();
    const late: Array<Promise<unknown>> = [];
    const stuck = Array.from({ length: 3 }, (_, index) =>
      outcome(
        database.transaction(async () => {
          await works().insert(row(`stuck-${index}`));
          await wakeUp.promise;
          const statement = works().insert(row(`late-${index}`));
          late.push(outcome(statement));
          await statement;
        }),
      ),
    );
    const begun = Date.now();
    for (const result of await Promise.all(stuck)) expect(result).toMatchObject(UNAVAILABLE);
    expect(Date.now() - begun).toBeLessThan(6_000);
    expect(await ids()).toEqual([]);
    await database.transaction(() => works().insert(row('next')));
    wakeUp.resolve();
    await sleep(50);
    expect(late.length).toBeGreaterThan(0);
    for (const result of await Promise.all(late))
      expect(String(result)).toMatch(/after its transaction had ended/);
    expect(await ids()).toEqual(['next']);
  });
});

describe('an effect that fails after its commit', () => {
  it('is logged, and neither the change nor the other effects fail with it', async () => {
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const effects: string[] = [];
    const mistake = new Error('an effect failed');
    await database.transaction(async () => {
      await works().insert(row('committed'));
      database.afterCommit(() => {
        throw mistake;
      });
      database.afterCommit(() => effects.push('after the failed one'));
    });
    expect(await ids()).toEqual(['committed']);
    expect(effects).toEqual(['after the failed one']);
    expect(logged).toHaveBeenCalledExactlyOnceWith({ err: mistake }, expect.any(String));
    logged.mockRestore();
  });
});
