import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApp, type Answer, type CreatedUser, type SignInData, type TestApp } from '../support/app.ts';
import { expectFailure } from '../support/envelope.ts';

// A large machine: it has places for 64 sign-ins at once.
vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  availableParallelism: () => 32,
}));

const ENV = {
  UV_THREADPOOL_SIZE: '64',
  SIGNIN_ACCOUNT_ATTEMPTS: '8',
  SIGNIN_ADDRESS_ATTEMPTS: '100000',
  HASH_WAIT: '20s',
};

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: ENV });
});
afterAll(() => app.close());

function attempt(
  username: string,
  password: string,
  from = '127.0.0.1',
  through = app,
): Promise<Answer<SignInData>> {
  return through.call('POST', '/signin', { from, body: { username, password } });
}

function many<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}

function tally(answers: readonly Answer<unknown>[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

describe('parallel sign-ins of one account', { timeout: 60_000 }, () => {
  it('with the right password never meet 429, through whichever alias and from whichever address', async () => {
    const user = await app.createUser({ email: 'mei.crowd@example.com' });
    const names = [user.username, 'mei.crowd@example.com'];
    for (let round = 0; round < 3; round += 1) {
      const answers = await many(60, (index) =>
        attempt(names[index % 2] ?? '', user.password, `127.0.2.${1 + (index % 10)}`),
      );
      expect(tally(answers)).toEqual({ 200: 60 });
    }
  });

  it('are refused as the queue refuses, beyond those that may wait, and at no cost', async () => {
    const user = await app.createUser();
    const answers = await many(100, () => attempt(user.username, user.password, '127.0.3.1'));
    for (const answer of answers) if (answer.status !== 200) expectFailure(answer, 503, 10009);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(64);
    expect((await attempt(user.username, user.password, '127.0.3.1')).status).toBe(200);
    const rows = await app.database.query<Array<{ used: number }>>(
      'SELECT used FROM attempt_budgets WHERE budget_key LIKE ?',
      [`%${user.id}%`],
    );
    for (const { used } of rows) expect(used).toBe(0);
  });

  it('that wait too long are refused as the queue refuses', async () => {
    const impatient = await startApp({ env: { ...ENV, HASH_WAIT: '0s' } });
    try {
      const person = await impatient.createUser();
      const answers = await many(20, () => attempt(person.username, person.password, '127.0.0.1', impatient));
      for (const answer of answers) if (answer.status !== 200) expectFailure(answer, 503, 10009);
      expect(tally(answers)[200]).toBeGreaterThanOrEqual(2);
      expect((await attempt(person.username, person.password, '127.0.0.1', impatient)).status).toBe(200);
    } finally {
      await impatient.close();
    }
  });

  it('with wrong passwords are verified as often as the budget says, and alike for nobody', async () => {
    const user = await app.createUser();
    const burst = (name: string) =>
      many(60, (index) => attempt(name, `wrong ${index}`, `127.0.4.${index + 1}`));
    const [known, unknown] = [await burst(user.username), await burst('nobody.at.all')];
    expect(tally(known)).toEqual({ 401: 8, 429: 52 });
    expect(tally(unknown)).toEqual({ 401: 8, 429: 52 });
  });

  it('hold nobody else up', async () => {
    const [crowded, other]: CreatedUser[] = await many(2, () => app.createUser());
    if (crowded === undefined || other === undefined) throw new Error('no users');
    const order: string[] = [];
    const crowd = many(60, async () => {
      await attempt(crowded.username, crowded.password, '127.0.5.1');
      order.push('crowd');
    });
    const single = attempt(other.username, other.password, '127.0.5.2').then(({ status }) => {
      order.push('other');
      return status;
    });
    expect(await single).toBe(200);
    await crowd;
    expect(order.indexOf('other')).toBeLessThan(40);
  });
});
