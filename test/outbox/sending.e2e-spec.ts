import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OutboxMessage } from '../../src/outbox/outbox-message.entity.ts';
import { OutboxMonitor } from '../../src/outbox/outbox.monitor.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/platform/time/clock.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { MailServer } from '../support/mail-server.ts';
import { allDone, enqueue, rowsOf, sendRound } from '../support/outbox.ts';

let app: TestApp;
let mail: MailServer;

beforeAll(async () => {
  mail = await MailServer.start();
  app = await startApp({ env: mail.env });
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

async function onlyRow(): Promise<OutboxMessage> {
  const [row, ...others] = await rowsOf(app);
  expect(others).toEqual([]);
  if (row === undefined) throw new Error('There is no row.');
  return row;
}

describe('a message', () => {
  it('is sent once its change is committed, and its secret is destroyed with that', async () => {
    await enqueue(app, { recipient: 'ada@example.com', secret: { code: '048213' } });
    const [received] = await mail.received(1, 'ada@example.com');
    await allDone(app);
    const row = await onlyRow();
    expect(row).toMatchObject({ state: 'sent', sealed: null, recipient: 'a***@example.com', tries: 1 });
    const { subject, text = '', html, headers, date, messageId } = received?.parsed ?? {};
    expect(received?.secure).toBe(true);
    expect(subject).not.toContain('048213');
    expect(text.split('\n').map((line) => line.trim())).toContain('048213');
    expect(html).toContain('048213');
    expect(messageId).toBe(`<${row.id}@example.com>`);
    expect(date?.getTime()).toBe(row.createdAt - (row.createdAt % SECOND));
    expect(headers?.get('auto-submitted')).toBe('auto-generated');
    expect(headers?.get('x-auto-response-suppress')).toBe('All');
    for (const name of ['list-unsubscribe', 'x-mailer', 'bcc', 'cc']) expect(headers?.has(name)).toBe(false);
  });

  it('is not sent when its change is rolled back', async () => {
    const work = app.database.transaction(async () => {
      await enqueue(app, {});
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    await sendRound(app);
    expect(await rowsOf(app)).toEqual([]);
    expect(mail.mails).toEqual([]);
  });

  it('that nobody is to get is written alike, and dropped', async () => {
    mail.mode = 'silent';
    mail.cut();
    await app.database.transaction(async () => {
      await enqueue(app, { secret: { code: '048213' } }, { recipient: null, secret: { code: '048213' } });
      const [one, other] = (await rowsOf(app)).sort((a, b) => (a.template < b.template ? -1 : 1));
      expect(one).toMatchObject({ template: 'none', recipient: '', params: '{}' });
      expect(one?.sealed?.length).toBe(other?.sealed?.length);
    });
    mail.mode = 'accept';
    mail.cut();
    await allDone(app);
    expect((await rowsOf(app)).map(({ template }) => template)).toEqual(['password_code']);
    expect(mail.mails).toHaveLength(1);
  });

  it('with the longest names and secrets fits its row', async () => {
    const token = `ghc_${'x'.repeat(64)}`;
    await app.database.transaction(async () => {
      await enqueue(app, { secret: { code: '048213', token } });
      const { sealed } = await onlyRow();
      expect(sealed?.length).toBeLessThanOrEqual(512);
      expect(sealed?.length).toBeGreaterThan(200);
    });
    await allDone(app);
  });

  it('is tried again after 10 s, 30 s, each minute and, after an hour, each half hour', async () => {
    mail.mode = '451';
    await enqueue(app, { expiresAt: app.clock.now() + DAY });
    await mail.received(0);
    const waits: number[] = [];
    for (let elapsed = 0; elapsed < 3 * HOUR;) {
      await sendRound(app);
      const { dueAt, state } = await onlyRow();
      expect(state).toBe('waiting');
      const wait = dueAt - app.clock.now();
      waits.push(Math.round(wait / SECOND));
      app.clock.advance(Math.max(wait, SECOND));
      elapsed += wait;
    }
    const changes = waits.filter((wait, n) => wait > 0 && wait !== waits[n - 1]);
    expect(changes).toEqual([10, 30, 60, 1800]);
    expect((await onlyRow()).error).toMatch(/^EENVELOPE RCPT TO 451 4\.7\.1$/);
    mail.mode = 'accept';
    app.clock.advance(HOUR);
    await sendRound(app);
    expect((await onlyRow()).state).toBe('sent');
  });

  it('is not sent once it has expired', async () => {
    mail.mode = '451';
    await enqueue(app, { expiresAt: app.clock.now() + 10 * MINUTE, secret: { code: '048213' } });
    await sendRound(app);
    app.clock.advance(10 * MINUTE);
    mail.mode = 'accept';
    await sendRound(app);
    expect(await onlyRow()).toMatchObject({ state: 'dead', sealed: null });
    expect(mail.mails).toEqual([]);
  });

  it('is given up at once when the recipient is refused for good, and holds no text of the server', async () => {
    mail.mode = '550';
    await enqueue(app, { secret: { code: '048213' } });
    await allDone(app);
    expect(await onlyRow()).toMatchObject({
      state: 'dead',
      sealed: null,
      tries: 1,
      recipient: 'somebody@example.com',
      error: 'EENVELOPE RCPT TO 550 5.1.1',
    });
    expect(app.lines.join()).not.toContain('SERVER-TEXT');
  });

  it('is given up when its seal is broken, and waits when its key is not known', async () => {
    await app.database.transaction(async () => {
      await enqueue(app, { secret: { code: '111111' } }, { secret: { code: '222222' } });
      const [one, other] = await rowsOf(app);
      // Moved to another row, a sealed text does not open.
      await app.database.query('UPDATE outbox SET sealed = ? WHERE id = ?', [
        one?.sealed ?? '',
        other?.id ?? '',
      ]);
      const [head = '', ...rest] = (one?.sealed ?? '').split('.');
      const header = JSON.parse(Buffer.from(head, 'base64url').toString());
      const kid = [...header.kid].toReversed().join('');
      const unknown = Buffer.from(JSON.stringify({ ...header, kid })).toString('base64url');
      await app.database.query('UPDATE outbox SET sealed = ? WHERE id = ?', [
        [unknown, ...rest].join('.'),
        one?.id ?? '',
      ]);
    });
    await sendRound(app);
    const states = (await rowsOf(app)).map(({ state, error }) => `${state} ${error}`).sort();
    expect(states).toEqual(['dead seal', 'waiting unknown key']);
  });

  it('is removed a week after it was sent', async () => {
    await enqueue(app, {});
    await allDone(app);
    const monitor = app.nest.get(OutboxMonitor, { strict: false });
    app.clock.advance(7 * DAY - SECOND);
    expect(await monitor.sweep()).toBe(0);
    app.clock.advance(SECOND);
    expect(await monitor.sweep()).toBe(1);
  });
});

describe('a replica that ends', () => {
  it('gives back what it has not sent, and another sends it', async () => {
    mail.mode = 'silent';
    mail.cut();
    const leaving = await startApp({ env: mail.env, testDatabase: app.testDatabase, clock: app.clock });
    await enqueue(leaving, { recipient: 'late@example.com', secret: { code: '048213' } });
    await sleep(200);
    const begun = Date.now();
    await leaving.close();
    expect(Date.now() - begun).toBeLessThan(13_000);
    const { leasedUntil, state } = await onlyRow();
    expect([leasedUntil, state]).toEqual([0, 'waiting']);
    mail.mode = 'accept';
    app.clock.advance(MINUTE);
    await sendRound(app);
    expect(await mail.received(1, 'late@example.com')).toHaveLength(1);
  });
});

describe('two replicas', () => {
  it('send each message once', async () => {
    const other = await startApp({ env: mail.env, testDatabase: app.testDatabase, clock: app.clock });
    const recipients = Array.from({ length: 60 }, (_, n) => `person-${n}@example.com`);
    await Promise.all([
      enqueue(app, ...recipients.slice(0, 30).map((recipient) => ({ recipient }))),
      enqueue(other, ...recipients.slice(30).map((recipient) => ({ recipient }))),
    ]);
    await allDone(app);
    expect(mail.mails.map(({ to }) => to).sort()).toEqual(recipients.sort());
    await other.close();
  });
});
