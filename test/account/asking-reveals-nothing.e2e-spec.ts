import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bare, forget, newAddress, reachable, reset, WIDE, wrong } from '../support/account.ts';
import { Administration } from '../support/administration.ts';
import { PASSWORD, startApp, type Answer, type TestApp } from '../support/app.ts';
import { lastMailTo, mailsTo } from '../support/mails.ts';
import { allDone } from '../support/outbox.ts';
import { singleStatements, statementsOfTransactions } from '../support/statements.ts';

/** From where nobody has signed in. */
const STRANGER = { from: '127.0.9.1' } as const;

let app: TestApp;
let admin: Administration;
beforeAll(async () => {
  app = await startApp({ env: { ...WIDE, SIGNUP: 'open', CODE_ATTEMPTS: '5', CODE_SENDS: '5' } });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

/** Addresses of everybody who could be meant, and of nobody. */
async function everybody(): Promise<Record<string, string>> {
  const known = await reachable(app);
  const disabled = await reachable(app);
  await admin.done('POST', `/users/${disabled.id}/disable`);
  const invited = newAddress();
  const body = { username: `invited-${Date.now() % 1e9}-${invited.length}`, full_name: 'A Person' };
  await admin.done('POST', '/users', { ...body, email: invited, invite: true });
  await allDone(app);
  return { known: known.email, disabled: disabled.email, invited, nobody: newAddress() };
}

interface Seen {
  readonly answer: Answer<unknown>;
  readonly statements: string[];
}

/** The answer of a call, and the statements that it costs, without those of the sender that it wakes. */
async function seen(call: () => Promise<Answer<unknown>>): Promise<Seen> {
  let answer: Answer<unknown> | undefined;
  let transactions: string[][] = [];
  const single = await singleStatements(app.database, async () => {
    transactions = await statementsOfTransactions(app.database, async () => {
      answer = await call();
    });
  });
  await allDone(app);
  if (answer === undefined) throw new Error('There was no answer.');
  const statements = [...single, ...transactions.flat()].filter(
    (sql) => !/\boutbox\b/.test(sql) || sql.startsWith('INSERT'),
  );
  return { answer, statements: statements.map((sql) => sql.replace(/\s+/g, ' ')).toSorted() };
}

/** Calls until it is refused for everybody; all must look alike all the way. */
async function expectAlike(call: (email: string, nth: number) => Promise<Answer<unknown>>, times = 7) {
  const people = Object.entries(await everybody());
  const statuses: number[] = [];
  for (let nth = 0; nth < times; nth += 1) {
    const all = [];
    for (const [who, email] of people) all.push([who, await seen(() => call(email, nth))] as const);
    const [[, first] = []] = all;
    for (const [who, { answer, statements }] of all) {
      expect(bare(answer), `${who}, call ${nth + 1}`).toEqual(first && bare(first.answer));
      expect(statements, `${who}, call ${nth + 1}`).toEqual(first?.statements);
    }
    statuses.push(first?.answer.status ?? 0);
  }
  return statuses;
}

const LIMITED = [200, 200, 200, 200, 200, 429, 429];

describe('who has an account is told by no answer, header, statement or limit', () => {
  it('to whoever asks for a password code', async () => {
    expect(await expectAlike((email) => forget(app, email, STRANGER))).toEqual(LIMITED);
  });

  it('to whoever tries one', async () => {
    const statuses = await expectAlike(async (username, nth) =>
      reset(app, { username, code: wrong('000000', nth) }, STRANGER),
    );
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429, 429]);
  });

  it('to whoever asks for a code to sign up', async () => {
    const asked = (email: string) => app.call('POST', '/signup/codes', { ...STRANGER, body: { email } });
    expect(await expectAlike(asked)).toEqual(LIMITED);
  });

  it('to whoever tries one to sign up', async () => {
    const profile = { username: 'somebody-new', full_name: 'A Person', password: PASSWORD };
    const tried = (email: string, nth: number) =>
      app.call('POST', '/signup', {
        ...STRANGER,
        body: { ...profile, email, code: wrong('000000', nth) },
      });
    // One of everybody has an account: theirs is the count of the account.
    expect(await expectAlike(tried)).toEqual([403, 403, 403, 403, 403, 429, 429]);
  });

  it('to whoever wants it for the address of their own account', async () => {
    const { token } = await admin.person();
    const wanted = (email: string) => app.call('POST', '/me/email', { ...STRANGER, token, body: { email } });
    // Two a person: ten are as many as one user may send in a day.
    expect(await expectAlike(wanted, 2)).toEqual([200, 200]);
  });

  it('by user names, without an address or not', async () => {
    const { username } = await app.createUser();
    const nobody = username.replace('person', 'nobody');
    for (const name of [username, nobody, 'ＦＵＬＬ ｗｉｄｔｈ', '+8613800138000']) {
      const answer = await forget(app, name, STRANGER);
      expect(bare(answer)).toMatchObject({ status: 200, text: '{"code":0,"data":null,"msg":"ok"}' });
    }
    const counted = [];
    for (const name of [username, nobody]) {
      const { statements } = await seen(() => forget(app, name, STRANGER));
      counted.push(statements);
    }
    expect(counted[0]).toEqual(counted[1]);
  });

  it('and mails go to those alone who may have one', async () => {
    const people = await everybody();
    for (const email of Object.values(people)) await forget(app, email, STRANGER);
    const got = await Promise.all(
      Object.entries(people).map(async ([who, email]) => [who, (await mailsTo(app, email)).length] as const),
    );
    // The invited had their invitation before; a code sets their first password as well.
    expect(Object.fromEntries(got)).toEqual({ known: 1, disabled: 0, invited: 2, nobody: 0 });
    expect((await lastMailTo(app, people['known'] ?? '')).code).toMatch(/^\d{6}$/);
  });
});
