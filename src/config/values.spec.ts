import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig, slices } from './config.js';
import { problemsOf } from './config.testing.js';

describe('a whole number', () => {
  it.each([
    '0x10',
    '1e3',
    ' 3000',
    '3000 ',
    '65536',
    '-1',
    '+1',
    '3000.0',
    '03000',
    '３０００',
    'NaN',
    '9'.repeat(400),
  ])('is not %j', (text) => {
    const [problem, ...others] = problemsOf({ PORT: text });
    expect(problem).toMatch(/^PORT must be a port from 0 to 65535 \(it is ".*"\)\.$/);
    expect(problem?.length).toBeLessThan(120);
    expect(others).toEqual([]);
  });

  it('is quoted on one line', () => {
    expect(problemsOf({ PORT: '1\nPORT is fine' })).toEqual([
      'PORT must be a port from 0 to 65535 (it is "1\\nPORT is fine").',
    ]);
  });

  it('keeps hashing at or above its floor', () => {
    expect(
      problemsOf({ PASSWORD_MIN_LENGTH: '7', ARGON2_MEMORY_KIB: '19455', ARGON2_TIME_COST: '1' }),
    ).toHaveLength(3);
  });

  it('tells the way out when Kubernetes set it', () => {
    expect(problemsOf({ MANAGEMENT_PORT: 'tcp://10.0.0.1:80' })[0]).toContain('enableServiceLinks: false');
  });
});

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['2m', 120_000],
    ['0s', 0],
  ])('%s is %d ms', (text, expected) => {
    expect(loadConfig({ SHUTDOWN_DELAY: text }).service.shutdownDelay).toBe(expected);
  });

  it.each(['12h', '30d'])('%s is taken', (text) => {
    expect(problemsOf({ SESSION_IDLE_TTL: text })).toEqual([]);
  });

  it.each(['15', '0'])('without a unit (%s) is shown some with one', (text) => {
    expect(problemsOf({ ACCESS_TOKEN_TTL: text })).toEqual([
      `ACCESS_TOKEN_TTL has no unit: write a number and ms, s, m, h or d, such as 500ms, 10s, 15m, 12h or 30d (it is "${text}").`,
    ]);
  });

  it.each(['-1m', '1.5h', '99999999999d', '15 m', '15M', '1h30m', 'm', '015m', '1e2s', 'PT15M', '15m '])(
    'is not %j',
    (text) => {
      const problems = problemsOf({ ACCESS_TOKEN_TTL: text });
      expect(problems).toEqual([
        expect.stringMatching(/^ACCESS_TOKEN_TTL must be a duration from 1s to 30d: /),
      ]);
    },
  );
});

describe('a choice', () => {
  it.each([
    [{ LOG_LEVEL: 'INFO' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent'],
    [{ MIGRATE: 'on' }, 'MIGRATE must be one of auto, off'],
    [{ DEFAULT_LANGUAGE: 'zh' }, 'DEFAULT_LANGUAGE must be one of en, zh-CN'],
    [{ DOCS_ENABLED: '1' }, 'DOCS_ENABLED must be true or false'],
    [{ DOCS_ENABLED: 'TRUE' }, 'DOCS_ENABLED must be true or false'],
    [{ DEFAULT_PHONE_REGION: 'cn' }, 'DEFAULT_PHONE_REGION must be an ISO 3166 country code'],
    [{ DEFAULT_PHONE_REGION: 'XX' }, 'DEFAULT_PHONE_REGION must be an ISO 3166 country code'],
    [{ DEFAULT_PHONE_REGION: 'constructor' }, 'DEFAULT_PHONE_REGION must be an ISO 3166 country code'],
  ])('%j: %s', (env, problem) => {
    expect(problemsOf(env)).toEqual([expect.stringContaining(problem)]);
  });
});

describe('HOST', () => {
  it.each(['::', '::1', '0.0.0.0', 'localhost', 'api.internal.', 'my_service'])('takes %s', (host) => {
    expect(loadConfig({ HOST: host }).http.host).toBe(host);
  });

  it.each(['[::1]', 'localhost:3000', 'http://a', '127.0.0.256', '010.0.0.1', 'a b', 'fe80::1%eth0', '-a'])(
    'refuses %s',
    (host) => expect(problemsOf({ HOST: host })).toHaveLength(1),
  );
});

describe('TRUST_PROXY', () => {
  it.each([
    ['none', { kind: 'none' }],
    ['0', { kind: 'none' }],
    ['2', { kind: 'hops', hops: 2 }],
    ['10.1.2.3', { kind: 'networks', networks: ['10.1.2.3'] }],
    ['10.0.0.0/8, fd00::/8,::1', { kind: 'networks', networks: ['10.0.0.0/8', 'fd00::/8', '::1'] }],
  ])('%j is %j', (text, expected) => {
    expect(loadConfig({ TRUST_PROXY: text }).http.trustProxy).toEqual(expected);
  });

  it.each([
    'true',
    '33',
    '-1',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '1,2',
    ',',
    '0.0.0.0/0',
    '::/0',
    'fe80::1%eth0/64',
    'proxy.internal',
  ])('refuses %j', (text) => expect(problemsOf({ TRUST_PROXY: text })).toHaveLength(1));

  it.each([
    ['true', 'must name whom to trust'],
    ['0.0.0.0/0', 'must not hold a /0 network'],
    ['10.0.0.0/8, ::/0 , fd00::/8', 'must not hold a /0 network'],
  ])('says of %j that it %s', (text, problem) => {
    expect(problemsOf({ TRUST_PROXY: text })).toEqual([expect.stringContaining(`TRUST_PROXY ${problem}`)]);
  });
});

describe('CORS_ORIGINS', () => {
  it('takes a list and drops repetitions', () => {
    const { corsOrigins } = loadConfig({
      CORS_ORIGINS: 'https://a.example, http://localhost:5173,https://a.example',
    }).http;
    expect(corsOrigins).toEqual(['https://a.example', 'http://localhost:5173']);
  });

  it.each([
    '*',
    'null',
    'https://a.example/',
    'https://A.example',
    'https://a.example:443',
    'a.example',
    'ftp://a.example',
    'https://*.a.example',
    ',',
  ])('refuses %s', (text) => expect(problemsOf({ CORS_ORIGINS: text })).toHaveLength(1));

  it.each(['*', 'https://a.example,https://*.a.example'])('says why %s is no list of origins', (text) => {
    expect(problemsOf({ CORS_ORIGINS: text })[0]).toMatch(
      /^CORS_ORIGINS must name each origin: \* would let any web page call the API/,
    );
  });
});

const settingNames = Object.values(slices).flatMap(({ settings }) => settings.map(({ name }) => name));

describe('any text in any setting', () => {
  it('is taken or named as a problem, on one line, and never breaks the reading', () => {
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.integer().map(String),
      fc.constantFrom('__proto__', 'mysql://u@h/d'),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...settingNames), text), (env) => {
        for (const problem of problemsOf(env)) {
          expect(settingNames).toContain(problem.split(' ')[0]);
          expect(problem).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: 500 },
    );
  });
});
