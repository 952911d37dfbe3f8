import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/platform/time/clock.ts';
import { startApp, type Answer, type CreatedUser, type SignInData, type TestApp } from '../support/app.ts';

const ELSEWHERE = '127.0.0.66';
const HOME = '127.0.0.77';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({
    env: { SIGNIN_ACCOUNT_ATTEMPTS: '3', SIGNIN_ADDRESS_ATTEMPTS: '1000', HASH_WAIT: '20s' },
  });
});
afterAll(() => app.close());

async function attempt(username: string, password: string, from = ELSEWHERE): Promise<Answer<SignInData>> {
  return app.call('POST', '/signin', { from, body: { username, password } });
}

async function exhaust(username: string, from = ELSEWHERE): Promise<void> {
  for (let count = 0; count < 3; count += 1) {
    const answer = await attempt(username, 'wrong', from);
    expect([answer.status, answer.body.code], answer.text).toEqual([401, 11001]);
  }
}

/** Everything of an answer that a client can compare, but the id that each request has of its own. */
function comparable({ status, text, headers }: Answer<unknown>): unknown {
  const { 'x-request-id': _, date: __, ...rest } = headers;
  return { status, text, headers: rest };
}

async function events(action: string, targetId: string): Promise<unknown[]> {
  return app.database.query('SELECT outcome, detail FROM audit_events WHERE action = ? AND target_id = ?', [
    action,
    targetId,
  ]);
}

describe('guesses at one account', () => {
  it('are refused once the budget is used up, with the right password too', async () => {
    const user = await app.createUser();
    await exhaust(user.username);
    const refused = await attempt(user.username, user.password);
    expect([refused.status, refused.body]).toEqual([
      429,
      expect.objectContaining({ code: 10008, data: { retry_after: 30 } }),
    ]);
    expect(refused.headers['retry-after']).toBe('30');
    app.clock.advance(30_000);
    expect((await attempt(user.username, user.password)).status).toBe(200);
  });

  it('are counted together, whatever alias is typed', async () => {
    const user = await app.createUser({ email: 'mei.aliases@example.com', phone: '+8613800138017' });
    const aliases = [
      user.username.toUpperCase(),
      ' MEI.aliases@example.com ',
      '138 0013 8017',
      user.username,
    ];
    const statuses = [];
    for (const alias of aliases) statuses.push((await attempt(alias, 'wrong')).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
  });

  it('never verify more than the budget in a parallel burst', async () => {
    const user = await app.createUser({ email: 'mei.burst@example.com' });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        attempt(
          index % 2 === 0 ? user.username : 'mei.burst@example.com',
          `wrong ${index}`,
          `127.0.1.${index + 1}`,
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(57);
  });

  it('begin anew after a success', async () => {
    const user = await app.createUser();
    for (let round = 0; round < 3; round += 1) {
      await attempt(user.username, 'wrong', HOME);
      await attempt(user.username, 'wrong', HOME);
      expect((await attempt(user.username, user.password, HOME)).status).toBe(200);
    }
  });

  it('are forgotten 15 minutes after the last admitted one', async () => {
    const user = await app.createUser();
    await exhaust(user.username);
    app.clock.advance(15 * MINUTE);
    await exhaust(user.username);
    expect((await attempt(user.username, 'wrong')).status).toBe(429);
  });

  it('that were made while the clock was a day ahead keep nobody out for that day', async () => {
    const user = await app.createUser();
    app.clock.advance(DAY);
    await exhaust(user.username);
    app.clock.advance(-DAY);
    const refused = await attempt(user.username, user.password);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '30']);
    app.clock.advance(30_000);
    expect((await attempt(user.username, user.password)).status).toBe(200);
  });

  it('survive a restart', async () => {
    const user = await app.createUser();
    await exhaust(user.username);
    if (app.testDatabase.lane === 'mysql') {
      const { testDatabase, clock } = app;
      const env = { SIGNIN_ACCOUNT_ATTEMPTS: '3' };
      const replica = await startApp({ testDatabase, clock, env });
      const body = { username: user.username, password: user.password };
      expect((await replica.call('POST', '/signin', { from: ELSEWHERE, body })).status).toBe(429);
      await replica.close();
    }
  });
});

describe('an unknown name', () => {
  it('turns 429 at the same attempt as an account, with the same bytes', async () => {
    const user = await app.createUser();
    const disabled = await app.createUser();
    await app.database.execute("UPDATE users SET status = 'disabled' WHERE id = ?", [disabled.id]);
    const bare = await app.createUser();
    await app.database.execute('DELETE FROM password_credentials WHERE user_id = ?', [bare.id]);
    const names = [
      user.username,
      disabled.username,
      bare.username,
      'nobody.at.all',
      'nobody@example.com',
      '?',
      'ａdmin',
    ];
    for (let count = 0; count < 5; count += 1) {
      const answers = [];
      for (const name of names) answers.push(comparable(await attempt(name, 'a wrong password')));
      for (const answer of answers) expect(answer).toEqual(answers[0]);
      expect(answers[0]).toMatchObject({ status: count < 3 ? 401 : 429 });
    }
  });

  it('is counted in its canonical form', async () => {
    await exhaust('No.Such.Person');
    expect((await attempt(' no.such.person ', 'x')).status).toBe(429);
  });

  it('is stored nowhere, neither in the budgets nor in the record', async () => {
    const typed = 'my-secret-typed-as-a-name';
    await exhaust(typed);
    await attempt(typed, 'x');
    const everything = (await app.dump()) + app.lines.join('');
    expect(everything).not.toContain(typed);
  });
});

describe('the owner of an attacked account', () => {
  let owner: CreatedUser;
  let session: SignInData;

  async function attackGoesOn(): Promise<void> {
    expect((await attempt(owner.username, 'guess')).status).toBe(429);
  }

  it('signs in from an address they used before, at once, and goes on renewing', async () => {
    owner = await app.createUser();
    session = await app.signIn(owner.username, owner.password, { from: HOME });
    await exhaust(owner.username);
    await attackGoesOn();

    expect((await attempt(owner.username, owner.password, HOME)).status).toBe(200);
    const body = { refresh_token: session.refresh_token };
    expect((await app.call('POST', '/tokens/renew_access', { body })).status).toBe(200);
    await attackGoesOn();
  });

  it('has a count of its own there, of the same size', async () => {
    await exhaust(owner.username, HOME);
    expect((await attempt(owner.username, owner.password, HOME)).status).toBe(429);
    app.clock.advance(15 * MINUTE);
  });

  it('is known there for 30 days after the last session, whatever became of that session', async () => {
    expect((await attempt(owner.username, owner.password, HOME)).status).toBe(200);
    await app.database.execute('DELETE FROM sessions WHERE user_id = ?', [owner.id]);
    app.clock.advance(30 * DAY - MINUTE);
    await exhaust(owner.username);
    await attackGoesOn();
    const failed = await attempt(owner.username, 'a slip', HOME);
    expect(failed.status).toBe(401);
    // Sessions are noted once an hour, so that it may be an hour longer.
    app.clock.advance(HOUR + MINUTE);
    await exhaust(owner.username);
    expect((await attempt(owner.username, owner.password, HOME)).status).toBe(429);
  });

  it('signs in from anywhere within 15 minutes after the attack ends', async () => {
    const person = await app.createUser();
    await exhaust(person.username);
    for (let minute = 0; minute < 40; minute += 1) {
      await attempt(person.username, 'guess');
      app.clock.advance(MINUTE);
    }
    app.clock.advance(15 * MINUTE);
    expect((await attempt(person.username, person.password, '127.0.0.99')).status).toBe(200);
  });
});

describe('the record', () => {
  it('has one event for each failure that was tried and one for all that were refused', async () => {
    const user = await app.createUser();
    await exhaust(user.username);
    await Promise.all(Array.from({ length: 10 }, () => attempt(user.username, 'wrong')));
    expect(await events('signin.failed', user.id)).toHaveLength(3);
    expect(await events('signin.limited', user.id)).toEqual([
      { outcome: 'failure', detail: '{"budget":"account"}' },
    ]);
    app.clock.advance(15 * MINUTE);
    await exhaust(user.username);
    await attempt(user.username, 'wrong');
    expect(await events('signin.limited', user.id), 'a new window').toHaveLength(2);
  });

  it('has one event for a sign-in', async () => {
    const user = await app.createUser();
    await app.signIn(user.username, user.password);
    expect(await events('signin.succeeded', user.id)).toEqual([{ outcome: 'success', detail: '{}' }]);
  });
});
