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
