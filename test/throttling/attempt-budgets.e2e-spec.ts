import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, MINUTE, SECOND } from '../../src/platform/time/clock.ts';
import { AttemptBudgets } from '../../src/throttling/attempt-budgets.ts';
import { startApp, type TestApp } from '../support/app.ts';

let app: TestApp;
let replica: TestApp;
let budgets: AttemptBudgets;
let serial = 0;
beforeAll(async () => {
  app = await startApp();
  budgets = app.nest.get(AttemptBudgets, { strict: false });
  // On SQLite there is one server, and so one object that counts.
  replica =
    app.testDatabase.lane === 'mysql'
      ? await startApp({ testDatabase: app.testDatabase, clock: app.clock })
      : app;
});
afterAll(async () => {
  if (replica !== app) await replica.close();
  await app.close();
});

function newBudget(limit: number) {
  serial += 1;
  return { key: `test:${serial}`, limit };
}

async function row(key: string): Promise<unknown> {
  return (await app.database.query('SELECT * FROM attempt_budgets WHERE budget_key = ?', [key]))[0];
}

describe('a budget', () => {
  it('admits exactly its limit of 200 attempts, forty at once, over two replicas', async () => {
    for (const limit of [1, 5, 20]) {
      const budget = newBudget(limit);
      const others = replica.nest.get(AttemptBudgets, { strict: false });
      let admitted = 0;
      for (let wave = 0; wave < 5; wave += 1) {
        const outcomes = await Promise.all(
          Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? budgets : others).take(budget)),
        );
        admitted += outcomes.filter((refusal) => refusal === undefined).length;
      }
      expect(admitted).toBe(limit);
    }
  });

  it('refuses nobody while it is not used up, however parallel the first attempts are', async () => {
    for (let round = 0; round < 10; round += 1) {
      const budget = newBudget(20);
      const outcomes = await Promise.all(Array.from({ length: 10 }, () => budgets.take(budget)));
      expect(outcomes).toEqual(Array(10).fill(undefined));
    }
  });

  it('admits one further attempt after 30 s, then 1, 2, 4, 8 and 15 minutes, when all is forgotten', async () => {
    const budget = newBudget(2);
    await budgets.take(budget);
    await budgets.take(budget);
    const waits = [];
    for (let further = 0; further < 5; further += 1) {
      const refusal = await budgets.take(budget);
      waits.push(refusal?.retryAfter);
      app.clock.advance((refusal?.retryAfter ?? 0) * SECOND - 1);
      expect(await budgets.take(budget), 'a millisecond too early').toMatchObject({ retryAfter: 1 });
      app.clock.advance(1);
      expect(await budgets.take(budget)).toBeUndefined();
    }
    waits.push((await budgets.take(budget))?.retryAfter);
    expect(waits).toEqual([30, 60, 120, 240, 480, 900]);

    app.clock.advance(15 * MINUTE);
    expect([await budgets.take(budget), await budgets.take(budget)]).toEqual([undefined, undefined]);
    expect(await budgets.take(budget)).toMatchObject({ retryAfter: 30 });
  });

  it('with a window of a day admits 9 attempts in any of its days, and waits 96 times as long as one of 15 minutes', async () => {
    const budget = { ...newBudget(5), window: DAY };
    const admitted: number[] = [];
    const begun = app.clock.now();
    const waits = new Set<number>();
    while (app.clock.now() - begun < 2 * DAY) {
      const refusal = await budgets.take(budget);
      if (refusal === undefined) admitted.push(app.clock.now());
      else {
        waits.add(refusal.retryAfter);
        app.clock.advance(refusal.retryAfter * SECOND);
      }
    }
    expect([...waits].slice(0, 5)).toEqual([2880, 5760, 11_520, 23_040, 46_080]);
    const mostInADay = Math.max(
      ...admitted.map((from) => admitted.filter((at) => at >= from && at < from + DAY).length),
    );
    expect(mostInADay).toBe(9);
  });

  it('is forgotten after a window of its own, beside one with another, and swept then', async () => {
    const [short, long] = [newBudget(2), { ...newBudget(2), window: DAY }];
    await budgets.take(short, long);
    app.clock.advance(15 * MINUTE);
    await budgets.sweep();
    expect([await row(short.key), await row(long.key)]).toEqual([undefined, expect.anything()]);
    await budgets.take(short, long);
    expect(await budgets.take(short, long)).toMatchObject({ budget: long });
    app.clock.advance(DAY);
    await budgets.sweep();
    expect(await row(long.key)).toBeUndefined();
  });

  it('that an older build has written is forgotten after `SIGNIN_WINDOW`, and swept', async () => {
    const budget = newBudget(1);
    const insert = 'INSERT INTO attempt_budgets (budget_key, used, reported, last_at) VALUES (?, 1, 0, ?)';
    await app.database.query(insert, [budget.key, app.clock.now()]);
    expect(await budgets.take(budget)).toBeDefined();
    app.clock.advance(15 * MINUTE + SECOND);
    expect(await budgets.take(budget)).toBeUndefined();
    const another = newBudget(1);
    await app.database.query(insert, [another.key, app.clock.now()]);
    app.clock.advance(15 * MINUTE + SECOND);
    await budgets.sweep();
    expect(await row(another.key)).toBeUndefined();
  });

  it('gets an attempt back, and never more than were taken', async () => {
    const [one, other] = [newBudget(1), newBudget(1)];
    await budgets.take(one, other);
    await budgets.giveBack(one, other);
    await budgets.giveBack(one, other);
    expect([await budgets.take(one), await budgets.take(other)]).toEqual([undefined, undefined]);
    expect(await budgets.take(one, other)).toBeDefined();
  });

  it('forgets what is older than the window while it is not used up, too', async () => {
    const budget = newBudget(2);
    await budgets.take(budget);
    app.clock.advance(15 * MINUTE);
    expect([await budgets.take(budget), await budgets.take(budget)]).toEqual([undefined, undefined]);
    expect(await budgets.take(budget)).toBeDefined();
  });

  it('used up while the clock was a day ahead makes nobody wait longer than one used up now', async () => {
    const [roomy, narrow] = [newBudget(10), newBudget(1)];
    app.clock.advance(DAY);
    await budgets.take(roomy, narrow);
    app.clock.advance(-DAY);
    const refusals = await Promise.all(
      [budgets, replica.nest.get(AttemptBudgets, { strict: false })].map((one) => one.take(roomy, narrow)),
    );
    expect(refusals).toMatchObject([
      { budget: narrow, retryAfter: 30 },
      { budget: narrow, retryAfter: 30 },
    ]);
    app.clock.advance(29 * SECOND);
    expect(await budgets.take(roomy, narrow)).toMatchObject({ retryAfter: 1 });
    app.clock.advance(SECOND);
    expect(await budgets.take(roomy, narrow)).toBeUndefined();
    expect(await budgets.take(narrow), 'the next wait').toMatchObject({ retryAfter: 60 });
  });

  it('not used up when the clock is set back goes on counting, and is forgotten as any other', async () => {
    const budget = newBudget(2);
    app.clock.advance(DAY);
    await budgets.take(budget);
    app.clock.advance(-DAY);
    expect(await budgets.take(budget)).toBeUndefined();
    expect(await budgets.take(budget)).toMatchObject({ retryAfter: 30 });
    app.clock.advance(15 * MINUTE);
    expect(await budgets.take(budget)).toBeUndefined();
  });

  it('is not written for the moments by which processes and requests differ', async () => {
    const budget = newBudget(1);
    app.clock.advance(SECOND);
    await budgets.take(budget);
    app.clock.advance(-SECOND);
    const before = await row(budget.key);
    expect(await budgets.take(budget)).toMatchObject({ retryAfter: 30 });
    expect(await row(budget.key)).toEqual(before);
    app.clock.advance(SECOND);
  });

  it('is not changed by a refusal, nor is another budget of the same attempt', async () => {
    const [roomy, narrow] = [newBudget(10), newBudget(1)];
    await budgets.take(roomy, narrow);
    const before = [await row(roomy.key), await row(narrow.key)];
    app.clock.advance(SECOND);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await budgets.take(roomy, narrow)).toMatchObject({ budget: narrow });
    }
    expect([await row(roomy.key), await row(narrow.key)]).toEqual(before);
    const fresh = newBudget(10);
    await budgets.take(fresh, narrow);
    expect(await row(fresh.key)).toBeUndefined();
  });

  it('tells one caller that its refusal is the first', async () => {
    const budget = newBudget(1);
    await budgets.take(budget);
    const refusals = await Promise.all(Array.from({ length: 10 }, () => budgets.take(budget)));
    const firsts = await Promise.all(
      refusals.map((refusal) => (refusal === undefined ? false : budgets.isFirstRefusal(refusal))),
    );
    expect(firsts.filter(Boolean)).toHaveLength(1);
    expect(await budgets.take(budget)).toMatchObject({ reported: true });
    app.clock.advance(15 * MINUTE);
    await budgets.take(budget);
    expect(await budgets.take(budget), 'a new window').toMatchObject({ reported: false });
  });

  it('gets back one attempt, or all of them', async () => {
    const [budget, other] = [newBudget(2), newBudget(2)];
    await budgets.take(budget, other);
    await budgets.take(budget, other);
    await budgets.reset(other, budget);
    expect(await budgets.take(budget)).toBeUndefined();
    expect(await budgets.take(budget)).toBeDefined();
    expect([await budgets.take(other), await budgets.take(other)]).toEqual([undefined, undefined]);
    await budgets.reset(budget);
    expect([await budgets.take(budget), await budgets.take(budget)]).toEqual([undefined, undefined]);
  });

  it('loses nothing to attempts that another budget refuses in the same moment', async () => {
    const [roomy, narrow] = [newBudget(1_000), newBudget(5)];
    const others = replica.nest.get(AttemptBudgets, { strict: false });
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? budgets : others).take(roomy, narrow)),
    );
    expect(outcomes.filter((refusal) => refusal === undefined)).toHaveLength(5);
    expect(await row(roomy.key)).toMatchObject({ used: 5 });
    expect(await row(narrow.key)).toMatchObject({ used: 5 });
  });

  it('leaves the table once it is forgotten', async () => {
    const [old, young] = [newBudget(1), newBudget(1)];
    await budgets.take(old);
    app.clock.advance(15 * MINUTE - 1);
    await budgets.take(young);
    await budgets.sweep();
    expect(await row(old.key)).toBeDefined();
    app.clock.advance(1);
    await Promise.all([budgets.sweep(), replica.nest.get(AttemptBudgets, { strict: false }).sweep()]);
    expect(await row(old.key)).toBeUndefined();
    expect(await row(young.key)).toBeDefined();
  });
});
