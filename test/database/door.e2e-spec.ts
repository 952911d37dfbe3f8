import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { dataSourceOptions, openDatabase } from '../../src/database/open-database.ts';
import type { Database } from '../../src/database/database.ts';
import { DuplicateKeyError, MissingValueError } from '../../src/database/driver-errors.ts';
import { AppError } from '../../src/platform/errors/app-error.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let place: TestDatabase;
let database: Database;
beforeAll(async () => {
  place = await createTestDatabase();
  database = openDatabase(dataSourceOptions(loadConfig({ ...place.env, ...poolOf(5) }).database));
  await database.execute(
    'CREATE TABLE door (id varchar(36) NOT NULL PRIMARY KEY, name varchar(36) NOT NULL, used integer NOT NULL)',
  );
  await database.execute('CREATE UNIQUE INDEX door_name ON door (name)');
});
afterAll(async () => {
  await database.destroy();
  await place.drop();
});
beforeEach(() => database.execute('DELETE FROM door'));

const onMysql = inject('lane') === 'mysql';

function poolOf(size: number): Record<string, string> {
  return onMysql ? { DATABASE_POOL_SIZE: String(size) } : {};
}

async function insert(id: string, name = id): Promise<void> {
  await database.execute('INSERT INTO door (id, name, used) VALUES (?, ?, 0)', [id, name]);
}

async function ids(): Promise<string[]> {
  const rows = await database.query<Array<{ id: string }>>('SELECT id FROM door ORDER BY id');
  return rows.map(({ id }) => id);
}

/** What a promise came to: its value, or its error. */
async function outcome<T>(promise: Promise<T>): Promise<T | unknown> {
  return promise.catch((error: unknown) => error);
}

describe('200 transactions at once', () => {
  it('each commit whole or vanish whole, and take nobody else with them', async () => {
    const name = (index: number): string => String(index).padStart(3, '0');
    const work = Array.from({ length: 200 }, async (_, index) => {
      // Every fourth writes without a transaction, between those that are rolled back.
      if (index % 4 === 3) return insert(`${name(index)}-a`);
      return database.transaction(async () => {
        await insert(`${name(index)}-a`);
        if (index % 4 === 0) await sleep(1);
        await insert(`${name(index)}-b`);
        if (index % 2 === 1) throw new Error('changed my mind');
      });
    });
    const settled = await Promise.allSettled(work);
    const expected = settled.flatMap((result, index) => {
      if (result.status === 'rejected') return [];
      return index % 4 === 3 ? [`${name(index)}-a`] : [`${name(index)}-a`, `${name(index)}-b`];
    });
    expect(await ids()).toEqual(expected.toSorted());
    // Those that were not meant to fail did not, unless the machine was too slow for the deadline.
    const failures = settled.flatMap((result, index) =>
      result.status === 'rejected' && index % 4 !== 1 ? [result.reason] : [],
    );
    for (const failure of failures) expect(failure).toMatchObject({ definition: { code: 10010 } });
    expect(failures.length).toBeLessThan(100);
  });
});

describe('a transaction', () => {
  it('is joined by one inside it', async () => {
    await outcome(
      database.transaction(async () => {
        await database.transaction(() => insert('inner'));
        throw new Error('changed my mind');
      }),
    );
    expect(await ids()).toEqual([]);
  });

  it('sees what it wrote', async () => {
    await database.transaction(async () => {
      await insert('one');
      expect(await ids()).toEqual(['one']);
    });
    expect(await ids()).toEqual(['one']);
  });

  it('takes no statement after its end', async () => {
    const late: Array<Promise<unknown>> = [];
    await database.transaction(async () => {
      await insert('in-time');
      late.push(outcome(sleep(20).then(() => insert('too-late'))));
    });
    expect(String(await late[0])).toMatch(/after its transaction had ended/);
    expect(await ids()).toEqual(['in-time']);
  });

  it('gives the error of its work, and its place to the next', async () => {
    const mistake = new Error('mistake');
    for (let round = 0; round < 20; round += 1) {
      expect(await outcome(database.transaction(() => Promise.reject(mistake)))).toBe(mistake);
    }
    await database.transaction(() => insert('next'));
    expect(await ids()).toEqual(['next']);
  });
});

describe('a duplicate key', () => {
  it('is named alike on both databases', async () => {
    await insert('one', 'taken');
    expect(await outcome(insert('two', 'taken'))).toMatchObject({
      name: 'DuplicateKeyError',
      key: 'door_name',
    });
    const inside = database.transaction(() => insert('two', 'taken'));
    expect(await outcome(inside)).toMatchObject({ key: 'door_name' });
    expect(await outcome(insert('one', 'other'))).toBeInstanceOf(DuplicateKeyError);
  });

  it('may be met inside a transaction, which goes on', async () => {
    await insert('one', 'taken');
    await database.transaction(async () => {
      await outcome(insert('two', 'taken'));
      await insert('two', 'free');
    });
    expect(await ids()).toEqual(['one', 'two']);
  });

  it('is met by all but one of 50 who want the same', async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => outcome(insert(`id-${index}`, 'wanted'))),
    );
    expect(results.filter((result) => result === undefined)).toHaveLength(1);
    expect(results.filter((result) => result instanceof DuplicateKeyError)).toHaveLength(49);
  });
});

describe('a conditional statement', () => {
  it('lets exactly as many pass as there are places', async () => {
    await insert('budget');
    const take = () => database.execute("UPDATE door SET used = used + 1 WHERE id = 'budget' AND used < 7");
    const taken = await Promise.all(Array.from({ length: 60 }, take));
    expect(taken.filter((matched) => matched === 1)).toHaveLength(7);
  });

  it('counts rows that it matched, changed or not', async () => {
    await insert('same');
    expect(await database.execute("UPDATE door SET used = 0 WHERE id = 'same'")).toBe(1);
    expect(await database.execute("UPDATE door SET used = 0 WHERE id = 'none'")).toBe(0);
  });
});

if (onMysql) {
  describe('two transactions that wait for each other', () => {
    it('both succeed in the end', async () => {
      await insert('a');
      await insert('b');
      let runs = 0;
      const both = (first: string, second: string) =>
        database.transaction(async () => {
          runs += 1;
          await database.execute('UPDATE door SET used = used + 1 WHERE id = ?', [first]);
          await sleep(100);
          await database.execute('UPDATE door SET used = used + 1 WHERE id = ?', [second]);
        });
      await Promise.all([both('a', 'b'), both('b', 'a')]);
      expect(await database.query('SELECT id, used FROM door ORDER BY id')).toEqual([
        { id: 'a', used: 2 },
        { id: 'b', used: 2 },
      ]);
      expect(runs, 'one of them ran again').toBeGreaterThan(2);
    });
  });

  describe('a transaction that loses', () => {
    // Galera tells a failed certification by the same code.
    const lost = Object.assign(new Error('lost'), { code: 'ER_LOCK_DEADLOCK' });

    it('runs again from its start until it wins', async () => {
      let attempts = 0;
      await database.transaction(async () => {
        attempts += 1;
        await insert(`attempt ${attempts}`);
        if (attempts < 10) throw lost;
      });
      expect(await ids()).toEqual(['attempt 10']);
    });

    it('gives up at its deadline, with 503', async () => {
      const begun = Date.now();
      const work = database.transaction(async () => {
        await insert('a');
        throw lost;
      });
      await expect(work).rejects.toMatchObject({ definition: { status: 503 } });
      expect(Date.now() - begun).toBeLessThan(3_000);
      expect(await ids()).toEqual([]);
    });
  });

  describe('a pool of two connections', () => {
    it(
      'serves some of 200 slow requests, tells the others within the deadline, and is well afterwards',
      { timeout: 30_000 },
      async () => {
        const small = openDatabase(dataSourceOptions(loadConfig({ ...place.env, ...poolOf(2) }).database));
        const begun = Date.now();
        const results = await Promise.all(
          Array.from({ length: 200 }, () => outcome(small.query('SELECT SLEEP(0.1) AS slept'))),
        );
        expect(Date.now() - begun).toBeLessThan(3_000);
        const refused = results.filter((result) => result instanceof AppError);
        expect(refused.length).toBeGreaterThan(100);
        for (const error of refused)
          expect(error).toMatchObject({ definition: { code: 10010, status: 503 } });
        expect(results.length - refused.length).toBeGreaterThan(5);
        expect(await small.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
        await small.destroy();
      },
    );

    it('goes on after its connections were killed', async () => {
      const small = openDatabase(dataSourceOptions(loadConfig({ ...place.env, ...poolOf(2) }).database));
      const idOf = () => small.query<Array<{ id: number }>>('SELECT CONNECTION_ID() AS id');
      for (let round = 0; round < 5; round += 1) {
        const open = (await Promise.all([idOf(), idOf()])).flat();
        for (const { id } of open) await database.query(`KILL ${id}`).catch(() => undefined);
        await sleep(50);
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => outcome(small.query('SELECT 1 AS one'))),
        );
        expect(
          answers.filter((answer) => !(answer instanceof AppError)).length,
          `round ${round}`,
        ).toBeGreaterThanOrEqual(8);
      }
      await small.destroy();
    });
  });
}

describe('a statement of its own', () => {
  it('fails alone when it is a mistake of the program', async () => {
    const mistake = database.query('SELECT ? AS value', [(() => 0) as unknown as null]);
    expect(await outcome(mistake)).toBeInstanceOf(Error);
    expect(await database.query('SELECT ? AS value', ['fine'])).toEqual([{ value: 'fine' }]);
  });

  it('is undone as a whole, and says so, when it gives a column no value', async () => {
    await insert('a');
    await insert('b');
    const refused = database.execute("UPDATE door SET used = CASE id WHEN 'a' THEN 1 END");
    expect(await outcome(refused)).toBeInstanceOf(MissingValueError);
    expect(await database.query('SELECT id FROM door WHERE used = 1')).toEqual([]);
  });

  it.runIf(onMysql)('is tried again when it lost to a transaction', async () => {
    await insert('a');
    await insert('b');
    const change = (id: string) => database.execute('UPDATE door SET used = used + 1 WHERE id = ?', [id]);
    const both = database.execute.bind(database, 'UPDATE door SET used = used + 1', []);
    // Each row's owner wants the other one: one of the two has to lose.
    const transactions = Array.from({ length: 40 }, (_, index) =>
      database.transaction(async () => {
        await change(index % 2 === 0 ? 'a' : 'b');
        await change(index % 2 === 0 ? 'b' : 'a');
      }),
    );
    const settled = await Promise.allSettled([...transactions, ...Array.from({ length: 20 }, both)]);
    expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await database.query('SELECT used FROM door')).toEqual([{ used: 60 }, { used: 60 }]);
  });
});
