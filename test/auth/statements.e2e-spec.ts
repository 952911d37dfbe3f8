import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type SignInData, type TestApp } from '../support/app.ts';
import { singleStatements, statementsOfTransactions } from '../support/statements.ts';

let app: TestApp;
let session: SignInData;
let credentials: { readonly username: string; readonly password: string };

beforeAll(async () => {
  app = await startApp();
  const { username, password } = await app.createUser();
  credentials = { username, password };
  // The first sign-in from an address also notes it.
  session = await app.signIn(username, password);
});
afterAll(() => app.close());

/** How many statements `work` sends, and how many of them in transactions, BEGIN and COMMIT included. */
async function statementsOf(work: () => Promise<unknown>): Promise<{ all: number; inTransactions: number }> {
  let transactions: string[][] = [];
  const single = await singleStatements(app.database, async () => {
    transactions = await statementsOfTransactions(app.database, work);
  });
  const inTransactions = transactions.flat().length;
  return { all: single.length + inTransactions, inTransactions };
}

describe('the statements of what is called most', () => {
  it('nine for a sign-in, six of them in its one transaction', async () => {
    const counted = await statementsOf(() => app.signIn(credentials.username, credentials.password));
    expect(counted).toEqual({ all: 9, inTransactions: 6 });
  });

  it('one for a renewal', async () => {
    const body = { refresh_token: session.refresh_token };
    const counted = await statementsOf(() => app.call('POST', '/tokens/renew_access', { body }));
    expect(counted).toEqual({ all: 1, inTransactions: 0 });
  });

  it('one for GET /me', async () => {
    const counted = await statementsOf(() => app.call('GET', '/me', { token: session.access_token }));
    expect(counted).toEqual({ all: 1, inTransactions: 0 });
  });
});
