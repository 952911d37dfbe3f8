import type { Database, OpenTransaction } from '../../src/database/database.ts';

/** The statements of every transaction that begins while `work` runs, as lists in the order of their beginning. */
export async function statementsOfTransactions(
  database: Database,
  work: () => Promise<unknown>,
): Promise<string[][]> {
  const transactions: string[][] = [];
  const begin = Reflect.get(database, 'begin') as (deadline: number) => Promise<OpenTransaction>;
  Reflect.set(database, 'begin', async (deadline: number): Promise<OpenTransaction> => {
    const sent = ['BEGIN'];
    transactions.push(sent);
    const transaction = await begin.call(database, deadline);
    return {
      ...transaction,
      run: (sql, values) => {
        sent.push(sql);
        return transaction.run(sql, values);
      },
      commit: () => {
        sent.push('COMMIT');
        return transaction.commit();
      },
    };
  });
  try {
    await work();
  } finally {
    Reflect.deleteProperty(database, 'begin');
  }
  return transactions;
}

/** The statements that are sent outside of transactions while `work` runs. */
export async function singleStatements(database: Database, work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const single = Reflect.get(database, 'single') as (sql: string, ...rest: unknown[]) => Promise<unknown>;
  Reflect.set(database, 'single', (sql: string, ...rest: unknown[]) => {
    sent.push(sql);
    return single.call(database, sql, ...rest);
  });
  try {
    await work();
  } finally {
    Reflect.deleteProperty(database, 'single');
  }
  return sent;
}
