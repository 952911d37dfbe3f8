import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { problemsOf } from './config.testing.js';

const PRODUCTION = { NODE_ENV: 'production' };

describe('SIGNUP', () => {
  it('is open in a trial, and in production only where mail can be sent', () => {
    expect(loadConfig({ SIGNUP: 'open' }).account.signup).toBe('open');
    expect(problemsOf({ ...PRODUCTION, SIGNUP: 'open' })).toContain(
      'SIGNUP is open, and no mail can be sent: set SMTP_HOST, or leave it closed.',
    );
    const withRelay = { SMTP_HOST: 'mail.example.com', MAIL_FROM: 'no-reply@example.com' };
    const problems = problemsOf({ ...PRODUCTION, ...withRelay, SIGNUP: 'open' });
    expect(problems.filter((problem) => problem.startsWith('SIGNUP'))).toEqual([]);
  });

  it('gives no role that may do everything', () => {
    expect(problemsOf({ SIGNUP_ROLE: 'administrator' })).toEqual([
      'SIGNUP_ROLE would make an administrator of whoever signs up: name another role.',
    ]);
    expect(loadConfig({ SIGNUP_ROLE: 'member' }).account.signupRole).toBe('member');
  });
});

describe('SIGNUP_DOMAINS', () => {
  it('takes domains in any case, each once', () => {
    expect(
      loadConfig({ SIGNUP_DOMAINS: 'Example.com, example.org,example.com' }).account.signupDomains,
    ).toEqual(['example.com', 'example.org']);
  });

  it.each(['@example.com', '*.example.com', 'example', 'example.com.', 'a@example.com', 'exämple.com', ','])(
    'refuses %s',
    (given) => {
      expect(problemsOf({ SIGNUP_DOMAINS: given })).toEqual([
        expect.stringMatching(/^SIGNUP_DOMAINS must be domains/),
      ]);
    },
  );
});
