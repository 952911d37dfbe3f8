import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { MailServer } from '../support/mail-server.ts';
import { allDone, enqueue, rowsOf } from '../support/outbox.ts';

let app: TestApp;
let mail: MailServer;

beforeAll(async () => {
  mail = await MailServer.start();
  app = await startApp({ env: mail.env });
});

afterAll(async () => {
  await app?.close();
  await mail?.stop();
});

describe('a message', () => {
  it('is sent once its change is committed, with the code in it and not in its subject', async () => {
    await enqueue(app, { recipient: 'ada@example.com', secret: { code: '048213' } });
    const [received] = await mail.received(1, 'ada@example.com');
    expect(received?.secure).toBe(true);
    const { subject, text = '', html } = received?.parsed ?? {};
    expect(subject).not.toContain('048213');
    expect(text.split('\n').map((line) => line.trim())).toContain('048213');
    expect(html).toContain('048213');
    await allDone(app);
    const [row] = await rowsOf(app);
    expect(row).toMatchObject({ state: 'sent', sealed: null, recipient: 'a***@example.com', tries: 1 });
  });
});
