import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import type { Database } from '../../src/database/database.ts';
import { dataSourceOptions, openDatabase } from '../../src/database/open-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const POOL_SIZE = 3;
const UNAVAILABLE = { definition: { code: 10010, status: 503 } };

let place: TestDatabase;
let database: Database;
/** A connection beside the pool, to look at it. */
let watch: Database;

function open(poolSize: number): Database {
  const env = { ...place.env, DATABASE_POOL_SIZE: String(poolSize) };
  return openDatabase(dataSourceOptions(loadConfig(env).database));
}

async function outcome<T>(promise: Promise<T>): Promise<T | unknown> {
  return promise.catch((error: unknown) => error);
}

/** For what is looked at and not measured: a machine with other work may be late. */
async function patiently<T>(look: () => Promise<T>): Promise<T> {
  return look().catch(look).catch(look);
}

async function connections(): Promise<Array<{ id: number; text: string | null }>> {
  return patiently(() =>
    watch.query(
      `SELECT id, info AS text FROM information_schema.processlist
       WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY id`,
    ),
  );
}

/** Runs the work, and answers the most connections that the pool had meanwhile. */
async function mostConnectionsDuring(work: Promise<unknown>): Promise<number> {
  let most = 0;
  let over = false;
  const ended = outcome(work).finally(() => (over = true));
  while (!over) {
    most = Math.max(most, (await connections()).length);
    await sleep(20);
  }
  await ended;
  await work;
  return most;
}

const slow = () => database.query('SELECT SLEEP(6) AS slept');

describe.runIf(inject('lane') === 'mysql')('a statement past its deadline', { timeout: 30_000 }, () => {
  beforeAll(async () => {
    place = await createTestDatabase();
    database = open(POOL_SIZE);
    watch = open(1);
    await database.execute('CREATE TABLE overdue (id varchar(36) NOT NULL PRIMARY KEY)');
  });
  afterAll(async () => {
    await database.destroy();
    await watch.destroy();
    await place.drop();
  });

  it('has ended in the server one second after its caller was answered', async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => outcome(slow())));
    for (const result of results) expect(result).toMatchObject(UNAVAILABLE);
    await sleep(1_000);
    expect((await connections()).filter(({ text }) => text !== null)).toEqual([]);
  });

  it('leaves its connection to others, and the pool never has more than it may', async () => {
    await Promise.all(Array.from({ length: POOL_SIZE }, () => database.query('SELECT SLEEP(0.05) AS slept')));
    const before = await connections();
    const rounds = async () => {
      for (let round = 0; round < 2; round += 1) {
        await Promise.all(Array.from({ length: 4 * POOL_SIZE }, () => outcome(slow())));
      }
      expect(await patiently(() => database.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    };
    expect(await mostConnectionsDuring(rounds())).toBe(POOL_SIZE);
    expect((await connections()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  });

  it('takes its transaction with it', async () => {
    const transactions = Array.from({ length: 2 * POOL_SIZE }, (_, index) =>
      outcome(
        database.transaction(async () => {
          await database.execute('INSERT INTO overdue (id) VALUES (?)', [`transaction ${index}`]);
          // Whoever goes on in spite of it cannot commit either.
          await outcome(slow());
          await outcome(slow());
        }),
      ),
    );
    expect(await mostConnectionsDuring(Promise.all(transactions))).toBe(POOL_SIZE);
    for (const result of await Promise.all(transactions)) expect(result).toMatchObject(UNAVAILABLE);
    await sleep(1_000);
    const running = await watch.query(
      `SELECT trx_id FROM information_schema.innodb_trx
       WHERE trx_mysql_thread_id IN (SELECT id FROM information_schema.processlist WHERE db = DATABASE())`,
    );
    expect(running).toEqual([]);
    expect(await patiently(() => database.query('SELECT id FROM overdue'))).toEqual([]);
  });

  it('is not tried again', async () => {
    let runs = 0;
    const work = database.transaction(async () => {
      runs += 1;
      await slow();
    });
    expect(await outcome(work)).toMatchObject(UNAVAILABLE);
    expect(runs).toBe(1);
  });

  it('that waits for a lock ends, too', async () => {
    await database.execute("INSERT INTO overdue (id) VALUES ('locked')");
    const owner = watch.transaction(async () => {
      await watch.execute("UPDATE overdue SET id = 'locked' WHERE id = 'locked'");
      await sleep(1_700);
    });
    await sleep(50);
    const waiting = Array.from({ length: 2 * POOL_SIZE }, () =>
      outcome(database.execute("DELETE FROM overdue WHERE id = 'locked'")),
    );
    for (const result of await Promise.all(waiting)) expect(result).toMatchObject(UNAVAILABLE);
    // On a busy machine it is too late for its own COMMIT, which leaves the same row.
    await outcome(owner);
    await sleep(1_000);
    expect((await connections()).filter(({ text }) => text !== null)).toEqual([]);
  });
});
