import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simpleParser } from 'mailparser';
import { OutboxService } from '../../src/outbox/outbox.service.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { allDone, enqueue, rowsOf } from '../support/outbox.ts';
import { sendRaw } from '../support/raw.ts';

let app: TestApp;
let folder: string;

beforeAll(async () => {
  app = await startApp();
  folder = join(app.config.service.dataDir, 'mails');
});

afterAll(() => app?.close());

describe('a trial without a relay', () => {
  it('writes each mail into a folder that is its own', async () => {
    await enqueue(app, { recipient: 'ada@example.com', secret: { code: '048213' } });
    await allDone(app);
    expect((await rowsOf(app))[0]).toMatchObject({ state: 'sent', sealed: null });
    const [file = '', latest, ...others] = readdirSync(folder).sort();
    expect([latest, others]).toEqual(['latest.txt', []]);
    expect(file).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-password_code\.eml$/);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const name of [file, 'latest.txt']) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    const parsed = await simpleParser(readFileSync(join(folder, file)));
    expect(parsed.text).toContain('048213');
    expect(parsed.html).toContain('048213');
    expect(readFileSync(join(folder, 'latest.txt'), 'utf8')).toMatch(
      /^To: ada@example\.com\nSubject: .*\n\n[^]*048213/,
    );
  });

  it('logs the path and nothing of the mail', () => {
    const lines = app.lines.join('\n');
    expect(lines).toContain('password_code.eml');
    expect(lines).not.toMatch(/048213|ada@example/);
  });

  it('keeps the newest hundred', async () => {
    for (let batch = 0; batch < 3; batch += 1) {
      await enqueue(app, ...Array.from({ length: 40 }, () => ({ secret: { code: '048213' } })));
      await allDone(app);
    }
    await sleep(100);
    expect(readdirSync(folder).filter((name) => name.endsWith('.eml'))).toHaveLength(100);
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  }, 60_000);

  it('serves none of them', async () => {
    const { access_token: token } = await app.signIn();
    const below = ['mails/latest.txt', 'data/mails/latest.txt', 'latest.txt', 'docs/../mails/latest.txt'];
    const forms = ['/', '/%2e%2e/', '/..%2f', '/docs/..%2f..%2f', '/docs/%2e%2e/', '//', '/.well-known/../'];
    for (const path of forms.flatMap((form) => below.map((file) => `${form}${file}`))) {
      const request = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
      const answer = await sendRaw(app.url, request);
      expect(answer.body, path).not.toContain('048213');
      expect(answer.status, path).toBeGreaterThanOrEqual(400);
    }
  });
});

describe('production without a relay', () => {
  it('writes no message, because nobody could send it', async () => {
    const env = {
      NODE_ENV: 'production',
      TOKEN_ISSUER: 'https://id.example.com',
      TOKEN_AUDIENCE: 'https://api.example.com',
    };
    const production = await startApp({ env, testDatabase: app.testDatabase });
    const before = await rowsOf(app);
    expect(production.nest.get(OutboxService, { strict: false }).isSetUp).toBe(false);
    await enqueue(production, { secret: { code: '048213' } });
    expect(await rowsOf(app)).toHaveLength(before.length);
    await production.close();
  });
});
