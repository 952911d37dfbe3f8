import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { OutboxMonitor } from '../../src/outbox/outbox.monitor.ts';
import { DAY, MINUTE, SECOND } from '../../src/platform/time/clock.ts';
import { startApp, type StartOptions, type TestApp } from '../support/app.ts';
import { MailServer, type MailServerOptions } from '../support/mail-server.ts';
import { allDone, enqueue, rowsOf, sendRound } from '../support/outbox.ts';

const open: Array<{ close?: () => Promise<void>; stop?: () => Promise<void> }> = [];

afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await (one.close?.() ?? one.stop?.());
});

async function relay(options?: MailServerOptions): Promise<MailServer> {
  const server = await MailServer.start(options);
  open.push(server);
  return server;
}

async function start(env: Record<string, string>, options: StartOptions = {}): Promise<TestApp> {
  const app = await startApp({ ...options, env });
  open.push(app);
  return app;
}

/** The gauge or counter of that name and labels; 0 where there is none. */
async function metric(app: TestApp, name: string): Promise<number> {
  await app.nest.get(OutboxMonitor, { strict: false }).look();
  const { text } = await app.call('GET', '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`gatehouse_${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

function warnings(app: TestApp): string[] {
  return app.lines.filter((line) => line.includes('messages wait to be sent'));
}

describe('a relay that is silent', () => {
  it('delays and fails no call, and gets everything within a minute of its return', async () => {
    const mail = await relay();
    const app = await start(mail.env);
    const { access_token: token } = await app.signIn();
    mail.mode = 'silent';
    const times: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      const begun = performance.now();
      await enqueue(app, {
        recipient: `person-${round}@example.com`,
        expiresAt: app.clock.now() + 10 * MINUTE,
      });
      times.push(performance.now() - begun);
      expect((await app.call('GET', '/me', { token })).status).toBe(200);
    }
    const brief = { recipient: 'expired@example.com', expiresAt: app.clock.now() + 20 * SECOND };
    await enqueue(app, brief);
    expect(times.sort((a, b) => a - b)[20]).toBeLessThan(100);
    mail.cut();
    app.clock.advance(30 * SECOND);
    mail.mode = 'accept';
    const returned = app.clock.now();
    while ((await rowsOf(app)).some(({ state }) => state === 'waiting')) {
      expect(app.clock.now() - returned).toBeLessThanOrEqual(60 * SECOND);
      await sendRound(app);
      app.clock.advance(5 * SECOND);
    }
    expect(new Set(mail.mails.map(({ to }) => to)).size).toBe(40);
    expect(mail.mails).toHaveLength(40);
    expect((await rowsOf(app)).filter(({ state }) => state === 'dead')).toHaveLength(1);
  });

  it('is tried with one message at a time until it answers', async () => {
    const mail = await relay({ user: { username: 'gatehouse', password: 'right' } });
    const app = await start({ ...mail.env, SMTP_USERNAME: 'gatehouse', SMTP_PASSWORD: 'right' });
    mail.mode = '535';
    await enqueue(app, ...Array.from({ length: 100 }, () => ({})));
    await sendRound(app);
    const begun = mail.steps.filter((step) => step === 'AUTH').length;
    expect(begun).toBeLessThanOrEqual(9);
    for (let round = 0; round < 5; round += 1) await sendRound(app);
    expect(mail.steps.filter((step) => step === 'AUTH').length - begun).toBeLessThanOrEqual(10);
    mail.mode = 'accept';
    app.clock.advance(MINUTE);
    await sendRound(app);
    await allDone(app);
    expect(mail.mails).toHaveLength(100);
  });
});

describe('a thousand addresses that fail', () => {
  it('hold up nobody else', async () => {
    const mail = await relay();
    const app = await start(mail.env);
    mail.refuses = (address) => address.startsWith('bad');
    for (const mode of ['451', '550'] as const) {
      mail.mode = mode;
      const bad = Array.from({ length: 500 }, (_, n) => ({ recipient: `bad-${mode}-${n}@example.com` }));
      await enqueue(app, ...bad);
      await enqueue(app, ...bad);
      await sleep(50);
      // It is newer.
      app.clock.advance(1);
      const asked = Date.now();
      await enqueue(app, { recipient: `good-${mode}@example.com`, secret: { code: '048213' } });
      const [received] = await mail.received(1, `good-${mode}@example.com`, 5_000);
      expect((received?.at ?? 0) - asked).toBeLessThan(5_000);
      await sendRound(app);
      // All are due again at once, and in the way.
      app.clock.advance(MINUTE);
      const again = Date.now();
      await Promise.all([
        sendRound(app),
        enqueue(app, { recipient: `again-${mode}@example.com`, secret: { code: '048213' } }),
      ]);
      const [second] = await mail.received(1, `again-${mode}@example.com`, 5_000);
      expect((second?.at ?? 0) - again).toBeLessThan(5_000);
    }
  }, 60_000);
});

describe("an operator's mistake", () => {
  const USER = { username: 'gatehouse', password: 'right' };

  const MISTAKES: ReadonlyArray<readonly [string, MailServerOptions, Record<string, string>]> = [
    ['a wrong password', { user: USER }, { SMTP_USERNAME: 'gatehouse', SMTP_PASSWORD: 'wrong' }],
    ['another authority', {}, { SMTP_CA: 'other' }],
    ['a relay without STARTTLS', { startTls: false }, {}],
  ];

  it.each(MISTAKES)(
    '%s loses no mail, is told once, and is mended by the right setting',
    async (_, options, wrong) => {
      const mail = await relay(options);
      const right: Record<string, string> =
        'user' in options ? { SMTP_USERNAME: 'gatehouse', SMTP_PASSWORD: 'right' } : {};
      const other: Record<string, string> =
        'SMTP_CA' in wrong ? { SMTP_CA: (await relay({ name: 'other' })).ca } : {};
      const app = await start({ ...mail.env, ...wrong, ...other });
      const monitor = app.nest.get(OutboxMonitor, { strict: false });
      await enqueue(app, ...Array.from({ length: 5 }, () => ({ expiresAt: app.clock.now() + DAY })));
      for (let elapsed = 0; elapsed < 5 * MINUTE; elapsed += 10 * SECOND) {
        await sendRound(app);
        await monitor.look();
        app.clock.advance(10 * SECOND);
      }
      expect(mail.mails).toEqual([]);
      expect(mail.steps).not.toContain('MAIL FROM');
      expect((await rowsOf(app)).map(({ state }) => state)).toEqual(Array(5).fill('waiting'));
      expect(warnings(app)).toHaveLength(1);
      expect(await metric(app, 'outbox_waiting{channel="mail"}')).toBe(5);
      expect(await metric(app, 'outbox_oldest_seconds')).toBeGreaterThanOrEqual(290);
      const failed = 'messages_total{channel="mail",template="password_code",result="failed"}';
      expect(await metric(app, failed)).toBeGreaterThan(5);

      const mended = 'startTls' in options ? await relay() : mail;
      const better = await start(
        { ...mended.env, ...right },
        { testDatabase: app.testDatabase, clock: app.clock },
      );
      await sendRound(better);
      app.clock.advance(MINUTE);
      await sendRound(better);
      await allDone(better);
      expect(mended.mails).toHaveLength(5);
      expect(await metric(better, 'outbox_waiting{channel="mail"}')).toBe(0);
      expect(await metric(better, 'outbox_oldest_seconds')).toBe(0);
    },
    60_000,
  );
});

describe('encryption', () => {
  const USER = { username: 'gatehouse', password: 'right' };
  const SIGN_IN = { SMTP_USERNAME: 'gatehouse', SMTP_PASSWORD: 'right' };

  it.each([
    ['no STARTTLS', { startTls: false }],
    ['a certificate for another name', { name: 'elsewhere.example' }],
  ])('is never dropped: with %s the relay sees no sign-in and no sender', async (_, options) => {
    const mail = await relay({ user: USER, ...options });
    const app = await start({ ...mail.env, ...SIGN_IN });
    await enqueue(app, { secret: { code: '048213' } });
    await sendRound(app);
    expect(mail.steps).toContain('connect');
    expect(mail.steps.filter((step) => step !== 'connect')).toEqual([]);
    expect((await rowsOf(app))[0]).toMatchObject({ state: 'waiting' });
  });

  it('begins with the first byte where it is implicit', async () => {
    const mail = await relay({ user: USER, implicit: true });
    const app = await start({ ...mail.env, ...SIGN_IN, SMTP_TLS: 'implicit' });
    await enqueue(app, {});
    expect((await mail.received(1))[0]?.secure).toBe(true);
  });
});

describe('a relay that goes away after it got the mail', () => {
  it('gets it again under the same name', async () => {
    const mail = await relay();
    const app = await start(mail.env);
    mail.mode = 'drop after DATA';
    await enqueue(app, { recipient: 'ada@example.com' });
    await mail.received(1);
    await sendRound(app);
    mail.mode = 'accept';
    app.clock.advance(MINUTE);
    await sendRound(app);
    await allDone(app);
    expect(mail.mails.length).toBeGreaterThanOrEqual(2);
    expect(new Set(mail.mails.map(({ parsed }) => parsed.messageId)).size).toBe(1);
  });
});
