import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from './config.js';
import { problemsOf } from './config.testing.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What the configuration looks at of a file of keys. */
function keysOf(...keys: ReadonlyArray<readonly [use: string, status: string]>): string {
  return JSON.stringify({ keys: keys.map(([use, status]) => ({ use, status })) });
}

/** A production environment in which nothing is wrong. */
function production(): NodeJS.ProcessEnv {
  file('keys.json', keysOf(['sig', 'current'], ['enc', 'current']));
  return {
    NODE_ENV: 'production',
    DATA_DIR: folder,
    TOKEN_ISSUER: 'https://id.example.com',
    TOKEN_AUDIENCE: 'https://api.example.com',
    DATABASE_URL: 'mysql://gatehouse:pw@db.internal/gatehouse',
    DATABASE_TLS: 'verify',
  };
}

describe('an empty environment', () => {
  it('is a trial with every default', () => {
    expect(loadConfig({})).toEqual({
      service: {
        production: false,
        dataDir: resolve('data'),
        logLevel: 'info',
        defaultLanguage: 'en',
        defaultPhoneRegion: 'CN',
        migrate: 'auto',
        shutdownDelay: 0,
      },
      http: {
        host: '127.0.0.1',
        port: 3000,
        trustProxy: { kind: 'none' },
        corsOrigins: [],
        docsEnabled: true,
      },
      database: { kind: 'sqlite', file: resolve('data/gatehouse.sqlite') },
      keyring: { keysFile: resolve('data/keys.json') },
      tokens: { issuer: 'gatehouse', audience: 'gatehouse', accessTtl: 900_000 },
      keys: { maxTtl: 31_536_000_000, maxPerUser: 10, personal: false },
      sessions: {
        freshFor: 600_000,
        ttl: 2_592_000_000,
        idleTtl: 604_800_000,
        maxPerUser: 20,
        retention: 2_592_000_000,
      },
      passwords: {
        minLength: 8,
        memoryKib: 19_456,
        timeCost: 2,
        parallelism: 1,
        queue: 64,
        wait: 1_000,
        threadPoolSize: 4,
      },
      account: {
        signup: 'closed',
        signupDomains: undefined,
        signupRole: undefined,
        invitationTtl: 604_800_000,
        selfDeletion: false,
        newDeviceMail: true,
      },
      factors: { required: [], rpId: 'localhost', origins: ['http://localhost:3000'] },
      budgets: {
        accountAttempts: 20,
        addressAttempts: 300,
        signinWindow: 900_000,
        reauthAttempts: 10,
        codeAddressRequests: 30,
        codeSends: 5,
        factorAttempts: 10,
        codeAttempts: 5,
        renewAddressFailures: 300,
      },
      mail: {
        smtp: undefined,
        mailIsSetUp: true,
        folder: resolve('data/mails'),
        from: { name: '', address: 'gatehouse@localhost' },
        link: undefined,
        productName: 'Gatehouse',
        supportContact: undefined,
        retention: 604_800_000,
      },
      audit: { retention: 365 * 24 * 3_600_000 },
      bootstrap: { username: 'admin' },
      warnings: [],
    });
  });

  it('is frozen to its last leaf', () => {
    const config = loadConfig({ CORS_ORIGINS: 'https://a.example', TRUST_PROXY: '10.0.0.0/8' });
    const seen: unknown[] = [config];
    for (const value of seen) {
      expect(Object.isFrozen(value)).toBe(true);
      if (typeof value === 'object' && value !== null) seen.push(...Object.values(value));
    }
    expect(seen.length).toBeGreaterThan(40);
  });

  it('counts an empty variable as unset', () => {
    expect(loadConfig({ PORT: '', DATABASE_URL: '', PORT_FILE: '' }).http.port).toBe(3000);
  });
});

describe('production', () => {
  it('starts when nothing is missing', () => {
    const config = loadConfig(production());
    expect(config.service.production).toBe(true);
    expect(config.http).toMatchObject({ host: '0.0.0.0', docsEnabled: false });
    expect(config.warnings).toEqual([]);
  });

  it('shows documentation only when asked to', () => {
    expect(loadConfig({ ...production(), DOCS_ENABLED: 'true' }).http.docsEnabled).toBe(true);
  });

  it('lists everything that is missing at once', () => {
    const problems = problemsOf({
      NODE_ENV: 'production',
      DATA_DIR: join(folder, 'nothing-here'),
      DATABASE_URL: 'mysql://root@db/gatehouse',
      PORT: 'eighty',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'DATABASE_URL',
      'KEYS_FILE',
      'TOKEN_ISSUER',
      'TOKEN_AUDIENCE',
    ]);
    expect(problems[3]).toBe(
      'TOKEN_ISSUER must be set in production, for example to https://id.example.com.',
    );
    for (const problem of problems) expect(problem).not.toContain('\n');
  });

  it.each(['127.0.0.1', '127.8.0.1', 'localhost', '[::1]'])('takes an empty password on %s', (host) => {
    expect(problemsOf({ ...production(), DATABASE_URL: `mysql://root@${host}/db` })).toEqual([]);
  });

  it.each([
    ['an empty file', ''],
    ['no JSON', 'a key'],
    ['a list', '[]'],
    ['keys that are no list', '{"keys":{}}'],
    ['keys that are none', '{"keys":[null,1,"current"]}'],
    ['no sealing key', keysOf(['sig', 'current'])],
    ['no signing key', keysOf(['enc', 'current'], ['sig', 'next'], ['sig', 'previous'])],
  ])('refuses a file of keys that is %s, and says the command', (_name, content) => {
    const [problem, ...others] = problemsOf({ ...production(), KEYS_FILE: file('bad-keys.json', content) });
    expect(problem).toMatch(
      /^KEYS_FILE has no readable current key of each use .*"npm run cli -- keys generate"/,
    );
    expect(others).toEqual([]);
  });

  it('takes no folder for the file of the keys', () => {
    expect(problemsOf({ ...production(), KEYS_FILE: folder })[0]).toMatch(/^KEYS_FILE has no readable/);
  });

  it('tells who still names a folder of PEM files what to do', () => {
    const still = { ...production(), SIGNING_KEYS_DIR: '/keys' };
    expect(loadConfig(still).warnings).toEqual(['SIGNING_KEYS_DIR is no longer read. Remove the setting.']);
    const { warnings } = loadConfig({ ...still, NODE_ENV: '', KEYS_FILE: join(folder, 'no-keys.json') });
    expect(warnings).toEqual([expect.stringContaining('"npm run cli -- keys import-pem <folder>"')]);
  });

  it('warns of an unencrypted way to another machine', () => {
    const { warnings } = loadConfig({ ...production(), DATABASE_TLS: 'off' });
    expect(warnings).toEqual([expect.stringMatching(/^DATABASE_TLS is off/)]);
  });
});

describe('NAME_FILE', () => {
  it('takes the content of the file without its last line break', () => {
    const config = loadConfig({ TOKEN_ISSUER_FILE: file('issuer', 'https://id.example.com\r\n') });
    expect(config.tokens.issuer).toBe('https://id.example.com');
    const two = loadConfig({ BOOTSTRAP_ADMIN_PASSWORD_FILE: file('password', ' two breaks \n\n') });
    expect(two.bootstrap.password).toBe(' two breaks \n');
  });

  it('is refused together with NAME', () => {
    expect(problemsOf({ PORT: '1', PORT_FILE: file('port', '2') })).toEqual([
      'PORT and PORT_FILE are both set: keep one of them.',
    ]);
  });

  it('is refused when it cannot be read, and its path is not told', () => {
    expect(
      problemsOf({
        DATABASE_HOST: 'db',
        DATABASE_USER: 'u',
        DATABASE_NAME: 'n',
        DATABASE_PASSWORD_FILE: 'hunter2',
      }),
    ).toEqual([
      'DATABASE_PASSWORD cannot be read: DATABASE_PASSWORD_FILE must name a readable UTF-8 file (ENOENT).',
    ]);
    expect(problemsOf({ PORT_FILE: folder })[0]).toContain('EISDIR');
    expect(problemsOf({ PORT_FILE: 'a\0b' })[0]).toContain('PORT_FILE');
  });

  it('is refused, without waiting or reading on for ever, when it is a pipe, a device or far too large', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero', '/dev/tty']) {
      expect(problemsOf({ TOKEN_ISSUER_FILE: path })).toEqual([
        expect.stringMatching(/^TOKEN_ISSUER cannot be read: .*\((it is no regular file|ENXIO|ENOENT)\)\.$/),
      ]);
    }
    expect(problemsOf({ TOKEN_ISSUER_FILE: file('large', 'x'.repeat(1024 * 1024 + 1)) })[0]).toContain(
      '(it is larger than 1 MiB)',
    );
    const server = { DATABASE_URL: 'mysql://u:p@db/n', DATABASE_TLS: 'verify' };
    expect(problemsOf({ ...server, DATABASE_CA: pipe })[0]).toMatch(
      /^DATABASE_CA names a file that cannot be read/,
    );
    expect(problemsOf({ ...production(), KEYS_FILE: pipe })[0]).toMatch(/^KEYS_FILE has no readable current/);
  });

  it('is refused when it is empty or not UTF-8', () => {
    expect(problemsOf({ TOKEN_ISSUER_FILE: file('empty', '\n') })[0]).toContain('a file without content');
    expect(problemsOf({ TOKEN_ISSUER_FILE: file('binary', new Uint8Array([0xff, 0xfe])) })[0]).toContain(
      'UTF-8',
    );
  });

  it('is checked like NAME, without being quoted', () => {
    expect(problemsOf({ PORT_FILE: file('wrong', 'hunter2') })).toEqual([
      'PORT must be a port from 0 to 65535.',
    ]);
  });
});

describe('settings that contradict each other', () => {
  it.each([[{ MANAGEMENT_PORT: '3000' }, 'MANAGEMENT_PORT is the same as PORT']])(
    '%j: %s',
    (env, problem) => {
      const problems = problemsOf(env);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(problem);
    },
  );

  it('refuses an idle life beyond the absolute one in production, and only there', () => {
    const both = { SESSION_TTL: '1d', SESSION_IDLE_TTL: '2d' };
    expect(problemsOf({ ...both, NODE_ENV: 'production' }).join()).toContain(
      'SESSION_IDLE_TTL is longer than',
    );
    expect(loadConfig(both).sessions.idleTtl).toBe(loadConfig(both).sessions.ttl);
  });

  it('lets a short life be set alone', () => {
    expect(loadConfig({ SESSION_TTL: '5s' }).sessions).toMatchObject({ ttl: 5_000, idleTtl: 5_000 });
  });

  it('may both be any free port', () => {
    expect(loadConfig({ PORT: '0', MANAGEMENT_PORT: '0' }).http).toMatchObject({
      port: 0,
      managementPort: 0,
    });
  });

  it('are not judged by a value that was refused already', () => {
    expect(problemsOf({ SESSION_TTL: '1 day', SESSION_IDLE_TTL: '60d' })).toHaveLength(1);
  });
});

describe('the first administrator', () => {
  const refusals = (password: string, username: string) =>
    password.includes(username) ? ['it contains the user name'] : [];

  it.each(['production', 'development'])('needs a password that the policy takes, in %s', (mode) => {
    const env = { ...production(), NODE_ENV: mode, BOOTSTRAP_ADMIN_PASSWORD: 'admin-hunter2' };
    expect(problemsOf(env, refusals)).toEqual([
      'BOOTSTRAP_ADMIN_PASSWORD is refused: it contains the user name.',
    ]);
  });

  it('may come without a password', () => {
    expect(problemsOf({ BOOTSTRAP_ADMIN_USERNAME: 'root.2' }, refusals)).toEqual([]);
    expect(problemsOf({ BOOTSTRAP_ADMIN_USERNAME: '2root' })[0]).toMatch(
      /^BOOTSTRAP_ADMIN_USERNAME must be 3 to 32/,
    );
  });
});
