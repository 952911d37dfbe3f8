import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addMail } from '../../src/cli/mail.ts';
import type { Config } from '../../src/config/config.ts';
import { MINUTE } from '../../src/platform/time/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { MailServer } from '../support/mail-server.ts';
import { allDone, enqueue, rowsOf, sendRound } from '../support/outbox.ts';

let app: TestApp;
let mail: MailServer;

beforeAll(async () => {
  mail = await MailServer.start({ user: { username: 'gatehouse', password: 'relay-hunter2' } });
  const user = { SMTP_USERNAME: 'gatehouse', SMTP_PASSWORD: 'relay-hunter2' };
  app = await startApp({ env: { ...mail.env, ...user } });
});

afterEach(async () => {
  mail.mode = 'accept';
  mail.mails.length = 0;
  await app.database.query('DELETE FROM outbox');
});

afterAll(async () => {
  await app?.close();
  await mail?.stop();
});

/** Runs `mail …` in this process; answers what it wrote and how it failed. */
async function run(words: readonly string[], config: Config = app.config): Promise<string> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const program = new Command().exitOverride();
  addMail(program, () => config);
  try {
    await program.parseAsync(['mail', ...words], { from: 'user' });
  } catch (error) {
    written.push(String(error));
  } finally {
    write.mockRestore();
  }
  return written.join('');
}

describe('mail list', () => {
  it('shows what waits and what was given up, with the reason and without a secret', async () => {
    mail.mode = '451';
    await enqueue(app, { recipient: 'waits@example.com', secret: { code: '048213' } });
    await sendRound(app);
    mail.mode = '550';
    await enqueue(app, { recipient: 'dead@example.com', secret: { code: '048213' } });
    await sendRound(app);
    const waiting = await run(['list']);
    expect(waiting).toContain('waits@example.com');
    expect(waiting).toContain('EENVELOPE RCPT TO 451 4.7.1');
    expect(waiting).toContain('Waiting to be sent: 1.');
    const dead = await run(['list', '--dead']);
    expect(dead).toContain('dead@example.com');
    expect(dead).not.toContain('waits@example.com');
    expect(waiting + dead).not.toContain('048213');
  });
});

describe('mail retry', () => {
  it('makes a notice due again that was given up, and says that a code is gone', async () => {
    mail.mode = '550';
    const params = { kind: 'password_changed', username: 'ada', at: app.clock.now() };
    await enqueue(
      app,
      { template: 'notice', recipient: 'notice@example.com', params },
      { recipient: 'code@example.com', secret: { code: '048213' } },
    );
    await allDone(app);
    mail.mode = 'accept';
    const answer = await run(['retry', '--dead']);
    expect(answer).toContain('Not to be sent again: 1.');
    expect(answer).toContain('Due now: 1.');
    // The command has a clock of its own.
    app.clock.advance(MINUTE);
    await sendRound(app);
    await mail.received(1, 'notice@example.com');
    expect((await rowsOf(app)).map(({ state }) => state).sort()).toEqual(['dead', 'sent']);
  });

  it('makes one that waits due now', async () => {
    mail.mode = '451';
    await enqueue(app, { recipient: 'waits@example.com' });
    await sendRound(app);
    mail.mode = 'accept';
    const [row] = await rowsOf(app);
    expect(await run(['retry', row?.id ?? ''])).toContain('Due now: 1.');
    app.clock.advance(MINUTE);
    await sendRound(app);
    await mail.received(1, 'waits@example.com');
  });

  it('refuses what it cannot do', async () => {
    expect(await run(['retry'])).toContain('Name a mail by its id, or say --dead.');
    expect(await run(['retry', 'x'])).toContain('That is no id of a mail');
    expect(await run(['retry', '6f0c6f0e-0000-4000-8000-000000000000'])).toContain('There is no such mail.');
    await enqueue(app, {});
    await allDone(app);
    const [row] = await rowsOf(app);
    expect(await run(['retry', row?.id ?? ''])).toContain('This mail was sent.');
  });
});

describe('mail test', () => {
  const withMail = (changed: Partial<Config['mail']>): Config => ({
    ...app.config,
    mail: { ...app.config.mail, ...changed },
  });
  const withRelay = (changed: object) => {
    const { smtp } = app.config.mail;
    return withMail({ smtp: smtp && { ...smtp, ...changed } });
  };

  it('shows the conversation without credentials, and sends', async () => {
    const answer = await run(['test', 'Ada@Example.com']);
    expect(answer).toMatch(/^S: 220/m);
    expect(answer).toMatch(/^C: MAIL FROM:<no-reply@example\.com>/m);
    expect(answer).toContain('has taken the mail');
    const secrets = ['relay-hunter2', Buffer.from('relay-hunter2').toString('base64')];
    secrets.push(Buffer.from('\0gatehouse\0relay-hunter2').toString('base64'));
    for (const secret of secrets) expect(answer).not.toContain(secret);
    expect((await mail.received(1, 'ada@example.com'))[0]?.parsed.subject).toBe('A test mail from Gatehouse');
  });

  it.each([
    [
      'a wrong password',
      () => withRelay({ credentials: { username: 'gatehouse', password: 'x' } }),
      'SMTP_USERNAME',
    ],
    ['a closed port', () => withRelay({ port: 1 }), 'Nothing answers there'],
    ['an unknown host', () => withRelay({ host: 'nowhere.invalid' }), 'check SMTP_HOST'],
    ['an unknown authority', () => withRelay({ ca: undefined }), 'set SMTP_CA'],
    ['another name', () => withRelay({ host: '127.0.0.1' }), 'another name'],
    ['TLS at the wrong port', () => withRelay({ tls: 'implicit' }), 'SMTP_TLS'],
  ])('says what to do about %s', async (_, config, advice) => {
    const answer = await run(['test', 'ada@example.com'], config());
    expect(answer).toContain('The mail was not taken');
    expect(answer).toContain(advice);
  });

  it('says what to do about a refused address', async () => {
    mail.mode = '550';
    expect(await run(['test', 'ada@example.com'])).toContain('does not take mail for this address');
  });

  it('writes into the folder of a trial without a relay', async () => {
    expect(await run(['test', 'ada@example.com'], withMail({ smtp: undefined }))).toContain(
      'was written into',
    );
    expect(await run(['test', 'nobody'])).toContain('That is no e-mail address.');
  });
});
