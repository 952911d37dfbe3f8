import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutboxMonitor } from '../../src/outbox/outbox.monitor.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { MailServer } from '../support/mail-server.ts';
import { allDone, enqueue, rowsOf, sendRound } from '../support/outbox.ts';

const CODE = '739105';
const TOKEN = `ghc_${'Qw7-_'.repeat(13)}`.slice(0, 68);

let app: TestApp;
let mail: MailServer;

beforeAll(async () => {
  mail = await MailServer.start({ user: { username: 'gatehouse', password: 'relay-hunter2' } });
  app = await startApp({
    env: {
      ...mail.env,
      SMTP_USERNAME: 'gatehouse',
      SMTP_PASSWORD: 'relay-hunter2',
      LOG_LEVEL: 'trace',
      MAIL_LINK: 'https://app.example.com/#{purpose}={code}',
    },
  });
});

afterAll(async () => {
  await app?.close();
  await mail?.stop();
});

describe('a code or a link', () => {
  it('stands in no table, log line, metric or file of the database, before and after it is sent', async () => {
    const places = async () => {
      await app.nest.get(OutboxMonitor, { strict: false }).look();
      const { text } = await app.call('GET', '/metrics');
      const { database } = app.config;
      const files = database.kind === 'sqlite' ? [database.file, `${database.file}-wal`] : [];
      const contents = files.map((file) => readFileSync(file, 'latin1'));
      return [await app.dump(), app.lines.join('\n'), text, ...contents];
    };
    const expectSecret = async () => {
      for (const place of await places()) {
        expect(place).not.toContain(CODE);
        expect(place).not.toContain(TOKEN);
        expect(place).not.toContain(Buffer.from(TOKEN).toString('base64'));
        expect(place).not.toContain('relay-hunter2');
      }
    };
    mail.mode = '451';
    await enqueue(app, { secret: { code: CODE, token: TOKEN } });
    await sendRound(app);
    expect((await rowsOf(app))[0]?.sealed).not.toBeNull();
    await expectSecret();
    mail.mode = '535';
    app.clock.advance(10_000);
    await sendRound(app);
    await expectSecret();
    mail.mode = 'accept';
    app.clock.advance(30_000);
    await sendRound(app);
    await allDone(app);
    const [received] = await mail.received(1);
    expect(received?.parsed.text).toContain(CODE);
    expect(received?.parsed.text).toContain(TOKEN);
    await expectSecret();
    // Neither does the address stay where it is not needed.
    expect(await app.dump()).not.toContain('somebody@example.com');
    expect(app.lines.join('\n')).not.toContain('somebody@example.com');
  });
});

describe('text of a stranger', () => {
  it('gets into no header and no mail, and adds no recipient', async () => {
    const evil = 'canary https://evil.example\r\nBcc: thief@evil.example\r\n\r\ncanary';
    const params = { kind: 'new_sign_in', username: evil, address: evil, device: evil, at: 1, x: evil };
    await enqueue(
      app,
      { template: 'notice', recipient: 'ada@example.com', params },
      { template: 'signup_code', recipient: 'ada@example.com', params, secret: { code: CODE } },
      {
        template: 'invitation',
        recipient: 'ada@example.com',
        params,
        secret: { token: TOKEN },
        language: 'zh-CN',
      },
    );
    for (const { raw, parsed } of await mail.received(3, 'ada@example.com')) {
      expect(raw).not.toMatch(/canary|evil/i);
      expect(`${parsed.subject}${parsed.text}${String(parsed.html)}`).not.toMatch(/canary|evil/);
      expect(parsed.headers.has('bcc')).toBe(false);
    }
    expect(new Set(mail.mails.map(({ to }) => to))).toEqual(
      new Set(['ada@example.com', 'somebody@example.com']),
    );
  });
});

describe('a mail in Chinese', () => {
  it('arrives as it was written', async () => {
    await enqueue(app, { language: 'zh-CN', recipient: 'li@example.com', secret: { code: CODE } });
    const [received] = await mail.received(1, 'li@example.com');
    expect(received?.parsed.subject).toBe('设置新的 Gatehouse 密码');
    expect(received?.parsed.text).toContain('有效期为 10 分钟');
    expect(received?.raw.split('\r\n\r\n', 1)[0]).toMatch(/^[\x20-\x7e\r\n\t]*$/);
  });
});
