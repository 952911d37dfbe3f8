import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mailConfig } from './mail.config.js';
import { Environment } from './environment.js';

const RELAY = { SMTP_HOST: 'smtp.example.com', MAIL_FROM: 'no-reply@example.com' };

function read(variables: Record<string, string>) {
  const environment = new Environment(variables);
  return { config: mailConfig(environment), problems: environment.problems };
}

function problemsOf(variables: Record<string, string>): readonly string[] {
  return read(variables).problems;
}

describe('mail', () => {
  it('goes into a folder in a trial, and nowhere in production, until there is a relay', () => {
    expect(read({}).config).toMatchObject({ mailIsSetUp: true, folder: resolve('data/mails') });
    expect(read({ NODE_ENV: 'production' }).config.mailIsSetUp).toBe(false);
    expect(read({ NODE_ENV: 'production', ...RELAY })).toMatchObject({
      problems: [],
      config: { mailIsSetUp: true, smtp: { host: 'smtp.example.com', port: 587, tls: 'starttls' } },
    });
  });

  it.each(['SMTP_PORT', 'SMTP_TLS', 'SMTP_USERNAME', 'SMTP_PASSWORD'])(
    'has no %s without SMTP_HOST',
    (name) => {
      const value = { SMTP_PORT: '25', SMTP_TLS: 'none' }[name] ?? 'x';
      expect(problemsOf({ [name]: value })).toEqual([`${name} is set, but no relay is: set SMTP_HOST too.`]);
    },
  );

  it('needs a sender, and both parts of a sign-in or none', () => {
    expect(problemsOf({ SMTP_HOST: 'localhost' })).toEqual([
      'MAIL_FROM must be set together with SMTP_HOST.',
    ]);
    expect(problemsOf({ ...RELAY, SMTP_USERNAME: 'x' })).toEqual([
      'SMTP_PASSWORD must be set together with SMTP_USERNAME.',
    ]);
    expect(problemsOf({ ...RELAY, SMTP_PASSWORD: 'hunter2' })).toEqual([
      'SMTP_USERNAME must be set together with SMTP_PASSWORD.',
    ]);
  });

  it('goes unencrypted in production only where it stays on the machine', () => {
    const none = { ...RELAY, SMTP_TLS: 'none', NODE_ENV: 'production' };
    expect(problemsOf(none)[0]).toMatch(/^SMTP_TLS is none, which/);
    expect(problemsOf({ ...none, SMTP_HOST: '127.0.0.1' })).toEqual([]);
    expect(problemsOf({ ...none, NODE_ENV: '' })).toEqual([]);
  });

  it('quotes nothing of what may be a password', () => {
    expect(problemsOf({ ...RELAY, SMTP_PORT: 'hunter2' }).join()).not.toContain('hunter2');
  });

  it('takes no text for a certificate that is none', () => {
    expect(problemsOf({ ...RELAY, SMTP_CA: '-----BEGIN CERTIFICATE-----' })).toHaveLength(1);
  });
});

describe('MAIL_FROM', () => {
  it.each([
    ['no-reply@example.com', '', 'no-reply@example.com'],
    ['Example Shop <no-reply@example.com>', 'Example Shop', 'no-reply@example.com'],
    ['"示例，公司" <a@b.example>', '示例，公司', 'a@b.example'],
    ['root@localhost', '', 'root@localhost'],
  ])('takes %j', (given, name, address) => {
    expect(read({ MAIL_FROM: given })).toMatchObject({ problems: [], config: { from: { name, address } } });
  });

  it.each([
    'example.com',
    '<a@b.example',
    'a@b.example>',
    'a@b.example, c@d.example',
    'A <a@b.example>, C <c@d.example>',
    'A\r\nBcc: c@d.example <a@b.example>',
    'a b@example.com',
    'ä@example.com',
    '@example.com',
    'a@',
  ])('refuses %j', (given) => {
    expect(problemsOf({ MAIL_FROM: given })).toHaveLength(1);
  });
});

describe('MAIL_LINK', () => {
  it.each([
    'https://app.example.com/account#{purpose}={code}',
    'https://app.example.com/#/reset/{code}',
    'https://app.example.com/{purpose}#{code}',
  ])('takes %s', (given) => {
    expect(problemsOf({ MAIL_LINK: given, NODE_ENV: 'production' })).toEqual([]);
  });

  it.each([
    ['https://app.example.com/{code}', 'behind #'],
    ['https://app.example.com/?c={code}#x', 'behind #'],
    ['https://app.example.com/{code}#{code}', 'behind # only'],
    ['https://app.example.com/#{purpose}', 'behind #'],
    ['https://app.example.com/#{code}{user}', 'braces'],
    ['javascript:alert(1)#{code}', 'https'],
    ['app.example.com/#{code}', 'must'],
    ['https://app.example.com/ #{code}', 'must'],
  ])('refuses %s', (given, why) => {
    const problems = problemsOf({ MAIL_LINK: given });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(why);
  });

  it('begins with https in production', () => {
    const given = { MAIL_LINK: 'http://localhost:5173/#{code}' };
    expect(problemsOf(given)).toEqual([]);
    expect(problemsOf({ ...given, NODE_ENV: 'production' })).toEqual([
      'MAIL_LINK must begin with https:// in production.',
    ]);
  });
});
