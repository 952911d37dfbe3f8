import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildProgram, runProgram, type Program, type RunOptions } from '../support/built-program.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const PASSWORD = 'tidal-marble-orchard-57';

let dist = '';
let place: TestDatabase;
const started: Program[] = [];
beforeAll(async () => {
  [dist, place] = await Promise.all([buildProgram(), createTestDatabase()]);
}, 120_000);
afterEach(async () => {
  for (const program of started.splice(0)) await program.stop('SIGKILL');
});
afterAll(() => place.drop());

function run(
  env: Record<string, string> = {},
  options: Partial<RunOptions> = {},
  file = 'src/main.js',
): Program {
  const program = runProgram(dist, file, {
    ...options,
    env: { ...place.env, BOOTSTRAP_ADMIN_PASSWORD: PASSWORD, HASH_WAIT: '20s', ...env },
  });
  started.push(program);
  return program;
}

/** The one line that a start which fails says; it says nothing else. */
async function refusal(env: Record<string, string>, options: Partial<RunOptions> = {}): Promise<string> {
  const program = run(env, options);
  expect(await program.end(), program.output).toBe(1);
  const lines = program.errors.trimEnd().split('\n');
  expect(lines, program.errors).toHaveLength(1);
  expect(lines[0]).not.toContain('    at ');
  return lines[0] ?? '';
}

async function portOf(server: Server): Promise<string> {
  await once(server, 'listening');
  const address = server.address();
  return String(typeof address === 'object' && address !== null ? address.port : 0);
}

async function signIn(url: string): Promise<number> {
  const body = JSON.stringify({ username: 'admin', password: PASSWORD });
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${url}/signin`, { method: 'POST', headers, body })).status;
}

describe('the build', () => {
  it('holds no file that only tests need', () => {
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
    expect(files).toContain(join('src', 'main.js'));
    expect(files.filter((file) => /\.spec\.|\.testing\.|^test/.test(file))).toEqual([]);
  });
});

describe('the program', { timeout: 60_000 }, () => {
  it('starts, serves, and keeps what it acknowledged through kill −9', async () => {
    const first = run();
    const url = await first.untilReady();
    expect(await signIn(url)).toBe(200);
    await first.stop('SIGKILL');
    const second = run();
    expect(await signIn(await second.untilReady())).toBe(200);
    expect(second.output).not.toContain(PASSWORD);
    expect(await second.stop('SIGINT')).toBe(0);
  });

  it('ends with 0 on SIGTERM, a kept connection and half a request open', async () => {
    const program = run();
    const { hostname, port } = new URL(await program.untilReady());
    const kept = connect(Number(port), hostname);
    const half = connect(Number(port), hostname);
    for (const socket of [kept, half]) socket.on('error', () => undefined);
    kept.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    half.write(
      'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    await once(kept, 'data');
    const begun = Date.now();
    expect(await program.stop('SIGTERM')).toBe(0);
    expect(Date.now() - begun).toBeLessThan(9_000);
  });

  it('ends with 0 although the signal comes twice, as npm and terminals send it', async () => {
    const program = run({ SHUTDOWN_DELAY: '1s' });
    const url = await program.untilReady();
    program.child.kill('SIGTERM');
    await sleep(200);
    program.child.kill('SIGTERM');
    expect(await signIn(url)).toBe(200);
    expect(await program.end()).toBe(0);
  });

  it.each([
    ['an exception', "throw new Error('the mistake')"],
    ['a rejected promise', "Promise.reject(new Error('the mistake'))"],
  ])(
    'answers what is due, says so once and exits with 1 after %s that nothing catches',
    async (_, mistake) => {
      const twice = `process.on('SIGUSR2', () => { for (let n = 0; n < 2; n += 1) setImmediate(() => { ${mistake} }) })`;
      const program = run({
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(twice)}`,
        SHUTDOWN_DELAY: '1s',
      });
      const url = await program.untilReady();
      const due = signIn(url);
      await sleep(5);
      program.child.kill('SIGUSR2');
      expect(await due).toBe(200);
      await sleep(100);
      expect((await fetch(`${url}/health/ready`)).status).toBe(503);
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      expect(await program.end()).toBe(1);
      const fatal = program.output.split('\n').filter((line) => line.includes('"level":"fatal"'));
      expect(fatal, program.output + program.errors).toHaveLength(1);
      expect(fatal[0]).toMatch(/the mistake.*Start it again/);
    },
  );

  it('lets operator commands run beside it', async () => {
    const program = run();
    const url = await program.untilReady();
    const status = run({}, { args: ['migrate', 'status'] }, 'src/cli/main.js');
    expect(await status.end(), status.errors).toBe(0);
    expect(status.output).toMatch(/^applied /);
    const reset = run(
      {},
      { args: ['users', 'reset-password', 'admin'], input: `${PASSWORD}-2\n` },
      'src/cli/main.js',
    );
    expect(await reset.end(), reset.errors).toBe(0);
    expect(await signIn(url)).toBe(401);
    const back = run(
      {},
      { args: ['users', 'reset-password', 'admin'], input: `${PASSWORD}\n` },
      'src/cli/main.js',
    );
    expect(await back.end(), back.errors).toBe(0);
    expect(await signIn(url)).toBe(200);
    const file = join(dist, `${inject('lane')}.permissions.json`);
    const declare = async (codes: readonly string[], ...options: readonly string[]) => {
      writeFileSync(
        file,
        JSON.stringify({ application: 'shop', permissions: codes.map((code) => ({ code })) }),
      );
      const command = run({}, { args: ['applications', 'declare', file, ...options] }, 'src/cli/main.js');
      return [await command.end(), command.output + command.errors];
    };
    expect(await declare(['orders:read'])).toEqual([1, 'There is no such application.\n']);
    expect(await declare(['orders:read'], '--create', 'The shop')).toEqual([
      0,
      '+ shop/orders:read\nDeclared: 1 added, 0 changed, 0 retired, 0 unchanged.\n',
    ]);
    expect(await declare(['orders:refund'], '--dry-run')).toEqual([
      0,
      '+ shop/orders:refund\n- shop/orders:read\nIt would be: 1 added, 0 changed, 1 retired, 0 unchanged.\n',
    ]);
    expect(await declare(['orders'])).toEqual([
      1,
      'permissions[0].code: must be words of a-z, 0-9 and underscore with colons between them, such as orders:refund\n',
    ]);
    const revoke = run({}, { args: ['sessions', 'revoke', 'admin'] }, 'src/cli/main.js');
    expect(await revoke.end(), revoke.errors).toBe(0);
    expect(revoke.output).toBe('Ended 1 sessions.\n');
  });
});

describe('a start that cannot be', { timeout: 60_000 }, () => {
  if (inject('lane') === 'sqlite') {
    it('names a port that is taken', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      const port = await portOf(other);
      expect(await refusal({ PORT: port })).toMatch(new RegExp(`^PORT: .*${port}.* in use`));
      other.close();
    });

    it('names a data folder that cannot be made', async () => {
      const file = join(place.env['DATA_DIR'] ?? '', 'a-file');
      writeFileSync(file, '');
      expect(await refusal({ DATA_DIR: join(file, 'below') })).toMatch(/^DATA_DIR: /);
    });

    it.runIf(process.platform === 'linux')('names a folder in which none can be made', async () => {
      expect(await refusal({ DATA_DIR: '/proc/nope/below' })).toMatch(/^DATA_DIR: .*\/proc\/nope\/below/);
      expect(await refusal({ KEYS_FILE: '/proc/nope/keys.json' })).toMatch(/^KEYS_FILE: .*\/proc\/nope/);
    });

    it('names every setting that production lacks, one a line', async () => {
      const program = run({ NODE_ENV: 'production', DATA_DIR: join(place.env['DATA_DIR'] ?? '', 'empty') });
      expect(await program.end()).toBe(1);
      for (const name of ['TOKEN_ISSUER', 'TOKEN_AUDIENCE', 'KEYS_FILE']) {
        expect(
          program.errors.split('\n').filter((line) => line.startsWith(`${name}`)),
          program.errors,
        ).toHaveLength(1);
      }
      expect(program.errors).not.toContain('    at ');
    });

    const olderNode = '/usr/bin/node';
    const older = versionOf(olderNode);
    it.runIf(older !== undefined && older < 24)('says so under an older Node', async () => {
      expect(await refusal({}, { through: [olderNode] })).toMatch(
        /needs Node 24 and this is v\d+.*npm start/,
      );
    });

    it('is a second server on the same SQLite file', async () => {
      await run().untilReady();
      expect(await refusal({})).toMatch(/^DATA_DIR: another Gatehouse server/);
    });

    it('names a folder that this user may not write', async () => {
      const closed = join(place.env['DATA_DIR'] ?? '', 'closed');
      mkdirSync(closed, { mode: 0o500 });
      // Root may write everywhere, until its capabilities are taken; another user might not even read the program.
      const setpriv = ['/usr/bin/setpriv', '--inh-caps=-all', '--bounding-set=-all', process.execPath];
      const options = process.getuid?.() === 0 ? { through: setpriv } : {};
      expect(await refusal({ DATA_DIR: join(closed, 'denied') }, options)).toMatch(/^DATA_DIR: .*EACCES/);
    });
  } else {
    const withUrl = (change: (url: URL) => void): Record<string, string> => {
      const url = new URL(place.env['DATABASE_URL'] ?? '');
      change(url);
      return { DATABASE_URL: url.href };
    };

    it('names a database that does not answer', async () => {
      const line = await refusal(withUrl((url) => (url.port = '1')));
      expect(line).toMatch(/^DATABASE_URL .*127\.0\.0\.1:1 .*ECONNREFUSED/);
    });

    it('names a database that hangs up', async () => {
      const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
      const port = await portOf(other);
      expect(await refusal(withUrl((url) => (url.port = port)))).toMatch(
        new RegExp(`^DATABASE_URL .*127\\.0\\.0\\.1:${port}`),
      );
      other.close();
    });

    it('names a wrong password, without saying it', async () => {
      const line = await refusal(
        withUrl((url) => {
          url.username = 'nobody-at-all';
          url.password = 'canary';
        }),
      );
      expect(line).toMatch(/^DATABASE_URL .*refuses this user or password/);
      expect(line).not.toContain('canary');
    });

    it('names a database that is not there', async () => {
      expect(await refusal(withUrl((url) => (url.pathname = '/gatehouse_not_there')))).toMatch(
        /no such database/,
      );
    });
  }
});

if (inject('lane') === 'mysql') {
  describe.runIf(inject('lane') === 'mysql')('a database server that freezes', { timeout: 60_000 }, () => {
    it('does not keep the program from ending', async () => {
      const url = new URL(place.env['DATABASE_URL'] ?? '');
      const proxy = await TcpProxy.to(url.hostname, Number(url.port || 3306));
      url.hostname = '127.0.0.1';
      url.port = String(proxy.port);
      const program = run({ DATABASE_URL: url.href });
      const address = await program.untilReady();
      expect(await signIn(address)).toBe(200);
      proxy.freeze();
      expect(await signIn(address)).toBe(503);
      const begun = Date.now();
      expect(await program.stop('SIGTERM')).toBe(0);
      expect(Date.now() - begun).toBeLessThan(9_000);
      await proxy.close();
    });
  });

  describe('five servers that start together on one database', () => {
    it('all serve, with one administrator', { timeout: 120_000 }, async () => {
      const shared = await createTestDatabase();
      try {
        const servers = Array.from({ length: 5 }, () => run(shared.env));
        const urls = await Promise.all(servers.map((server) => server.untilReady()));
        expect(await Promise.all(urls.map(signIn))).toEqual([200, 200, 200, 200, 200]);
        for (const server of servers) expect(await server.stop('SIGTERM')).toBe(0);
      } finally {
        await shared.drop();
      }
    });
  });
}

function versionOf(node: string): number | undefined {
  try {
    return Number(/^v(\d+)/.exec(String(execFileSync(node, ['--version'])))?.[1]);
  } catch {
    return undefined;
  }
}
