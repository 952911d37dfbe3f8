/**
 * The image, without a container engine: builds the Dockerfile as it stands, looks into what it holds, and runs it as
 * Kubernetes would: as 10001, without capabilities, on a read-only root, keys and secrets as mounted files. On Linux as
 * root, with Debian's packages and the npm registry:
 *
 *   node test/deploy/image.ts
 *
 * buildah builds in a chroot. The base image cannot be fetched here; a minimal Debian with the node that runs this script
 * and the npm of this machine stands in for it. Its size is therefore not the real one's, what lies in /app is.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';

const repository = join(import.meta.dirname, '../..');
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gatehouse-image');
const work = fs.mkdtempSync(join(tmpdir(), 'gatehouse-image-'));
fs.chmodSync(work, 0o755);

let passed = 0;
let failed = 0;

async function check(fact: string, proof: () => void | Promise<void>): Promise<boolean> {
  try {
    await proof();
    passed += 1;
    console.log(`ok    ${fact}`);
    return true;
  } catch (error) {
    failed += 1;
    console.log(
      `FAIL  ${fact}\n      ${String(error instanceof Error ? error.message : error).replaceAll('\n', '\n      ')}`,
    );
    return false;
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });
}

// --- build ------------------------------------------------------------------------------------------------------------

const buildah = (...args: string[]) =>
  run(
    'buildah',
    '--root',
    join(cache, 'store'),
    '--runroot',
    join(cache, 'run'),
    '--storage-driver',
    'vfs',
    ...args,
  );

/** Debian's packages, and the program for which each is wanted. */
const TOOLS = {
  buildah: '/usr/bin/buildah',
  mmdebstrap: '/usr/bin/mmdebstrap',
  // Either of two packages satisfies buildah, but its store, kept from run to run, insists on the one it began with.
  netavark: '/usr/lib/podman/netavark',
};

function installTools(): void {
  const missing = Object.entries(TOOLS).flatMap(([name, path]) => (fs.existsSync(path) ? [] : [name]));
  if (missing.length === 0) return;
  run('apt-get', 'update');
  run('apt-get', 'install', '-y', '--no-install-recommends', ...missing);
}

/** @returns the name of the stand-in for node:24-slim; kept from run to run */
function standIn(): string {
  const npm = join(run('npm', 'root', '--global').trim(), 'npm');
  // How this machine reaches the npm registry, for the `npm ci` of the Dockerfile.
  const settings = ['registry', 'cafile'].map(
    (name) => [name, run('npm', 'config', 'get', name).trim()] as const,
  );
  const key = createHash('sha256')
    .update(JSON.stringify([process.version, npm, settings]))
    .digest('hex')
    .slice(0, 12);
  const name = `localhost/stand-in:${key}`;
  if (buildah('images', '--format', '{{.Name}}:{{.Tag}}').split('\n').includes(name)) return name;

  const context = join(work, 'base');
  const local = join(context, 'files/usr/local');
  for (const folder of ['bin', 'etc', 'lib/node_modules'])
    fs.mkdirSync(join(local, folder), { recursive: true });
  fs.copyFileSync(process.execPath, join(local, 'bin/node'));
  fs.cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true, dereference: true });
  fs.symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  fs.symlinkSync('../lib/node_modules/npm/bin/npx-cli.js', join(local, 'bin/npx'));
  const lines = settings
    .filter(([, value]) => value !== 'null' && value !== 'undefined')
    .map(([setting, value]) => {
      if (setting !== 'cafile') return `${setting}=${value}`;
      fs.copyFileSync(value, join(local, 'etc/ca.pem'));
      return 'cafile=/usr/local/etc/ca.pem';
    });
  fs.writeFileSync(join(local, 'etc/npmrc'), lines.join('\n'));
  run('mmdebstrap', '--variant=essential', '--include=libstdc++6', 'bookworm', join(context, 'debian.tar'));
  fs.writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nADD debian.tar /\nCOPY files /\n' +
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nENTRYPOINT ["docker-entrypoint.sh"]\n',
  );
  buildah('bud', '--isolation', 'chroot', '--tag', name, context);
  return name;
}

interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

function build(): { container: string; root: string; config: ImageConfig } {
  const base = standIn();
  const image = 'localhost/gatehouse:test';
  const options = ['--isolation', 'chroot', '--format', 'docker', '--tag', image];
  buildah(
    'bud',
    ...options,
    '--build-arg',
    `NODE_IMAGE=${base}`,
    '--build-arg',
    'VERSION=0.0.0-test',
    repository,
  );
  const container = buildah('from', '--pull-never', image).trim();
  const { Docker } = JSON.parse(buildah('inspect', container)) as { Docker: { config: ImageConfig } };
  return { container, root: buildah('mount', container).trim(), config: Docker.config };
}

installTools();
let started = Date.now();
const { container, root, config } = build();
console.log(`built in ${Math.round((Date.now() - started) / 1000)} s`);

// --- what is inside ---------------------------------------------------------------------------------------------------

interface File {
  readonly path: string;
  readonly stat: fs.Stats;
}

function filesIn(folder: string): File[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => ({ path: join(folder, name), stat: fs.lstatSync(join(folder, name)) }));
}

const megabytes = (files: readonly File[]) =>
  (files.filter(({ stat }) => stat.isFile()).reduce((sum, { stat }) => sum + stat.size, 0) / 1e6).toFixed(1);

const app = join(root, 'app');
const files = filesIn(app);

await check(
  'it starts without a shell, as a user that is a number, and checks its health without curl',
  () => {
    assert.equal(config.User, '10001:10001');
    assert.deepEqual(
      [...config.Entrypoint, ...config.Cmd],
      ['node', '--max-semi-space-size=4', 'dist/src/main.js'],
    );
    assert.deepEqual(config.Healthcheck.Test.slice(0, 2), ['CMD', 'node']);
    assert(config.Env.includes('NODE_ENV=production') && config.Env.includes('DATA_DIR=/data'));
    assert.equal(config.Labels['org.opencontainers.image.version'], '0.0.0-test');
    assert.equal(config.Labels['org.opencontainers.image.licenses'], 'MIT');
  },
);
await check('/app holds the program, its modules, package.json and the licence, and nothing else', () => {
  assert.deepEqual(fs.readdirSync(app).sort(), ['LICENSE', 'dist', 'node_modules', 'package.json']);
});
await check('no source, test, compiler, foreign binary or package manager is inside', () => {
  const unwanted =
    /\.(?:[cm]?tsx?|map|spec\.js|c|cc|cpp|h|gypi?|tsbuildinfo)$|node_modules\/(?:typescript|@types|\.bin|vitest|@nestjs\/(?:cli|testing))(?:\/|$)/;
  const found = files.map(({ path }) => relative(app, path)).filter((path) => unwanted.test(path));
  assert.deepEqual(found, []);
  const binaries = files.filter(({ path }) => path.endsWith('.node'));
  assert.equal(binaries.length, 2, `${binaries.map(({ path }) => relative(app, path)).join(', ')}`);
  const programs = ['usr/local/bin', 'usr/bin', 'usr/sbin'].flatMap((folder) =>
    fs.readdirSync(join(root, folder)),
  );
  const tools = [
    'npm',
    'npx',
    'yarn',
    'corepack',
    'tsc',
    'gcc',
    'cc',
    'g++',
    'make',
    'python3',
    'curl',
    'wget',
  ];
  assert.deepEqual(
    tools.filter((tool) => programs.includes(tool)),
    [],
  );
});
await check('nothing in /app is writable for the service', () => {
  const open = files.filter(({ stat }) => !stat.isSymbolicLink() && (stat.uid !== 0 || stat.mode & 0o022));
  assert.deepEqual(
    open.map(({ path }) => relative(app, path)),
    [],
  );
});
const part = (name: string) => megabytes(filesIn(join(app, name)));
console.log(
  `size  /app ${megabytes(files)} MB: node_modules ${part('node_modules')} MB, dist ${part('dist')} MB`,
);

// --- run --------------------------------------------------------------------------------------------------------------

const folder = (name: string, owner: number, mode: number) => {
  const path = join(work, name);
  fs.mkdirSync(path, { recursive: true });
  fs.chownSync(path, owner, owner);
  fs.chmodSync(path, mode);
  return path;
};
const secrets = folder('secrets', 0, 0o755);

function secret(name: string, value: string): string {
  fs.writeFileSync(join(secrets, name), value);
  fs.chownSync(join(secrets, name), 0, 10001);
  fs.chmodSync(join(secrets, name), 0o440);
  return `/run/secrets/${name}`;
}

// Runs in namespaces of its own for mounts and processes, so nothing of it outlives the program.
const enter = `set -eu
mount --make-rprivate /
mount --bind "$ROOT" "$ROOT"
mount -t proc -o nosuid,nodev,noexec proc "$ROOT/proc"
mount -t tmpfs -o mode=0755,nosuid tmpfs "$ROOT/dev"
for device in null zero random urandom; do
  : > "$ROOT/dev/$device"
  mount --bind "/dev/$device" "$ROOT/dev/$device"
done
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$ROOT/tmp"
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$ROOT/run"
mkdir "$ROOT/run/secrets"
mount --bind "$SECRETS" "$ROOT/run/secrets"
mount -o remount,bind,ro "$ROOT/run/secrets"
mount --bind "$DATA" "$ROOT/data"
mount --bind "$KEYS" "$ROOT/keys"
[ "$KEYS_MODE" = rw ] || mount -o remount,bind,ro "$ROOT/keys"
mount -o remount,bind,ro "$ROOT"
exec setpriv --no-new-privs chroot --userspec=10001:10001 --groups= "$ROOT" "$@"`;

type Settings = Readonly<Record<string, string>>;

interface Mounts {
  readonly data: string;
  readonly keys: string;
  readonly keysWritable?: boolean;
}

/** The program and its environment as the image says, and nothing of this process's. */
function command(args: readonly string[], settings: Settings): string[] {
  const given = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [
    '/usr/bin/env',
    '-i',
    '-C',
    config.WorkingDir,
    ...config.Env,
    ...given,
    ...config.Entrypoint,
    ...args,
  ];
}

class Running {
  output = '';
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exit = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  }

  static start(args: readonly string[], settings: Settings, mounts: Mounts, input = ''): Running {
    const env = {
      PATH: process.env['PATH'],
      ROOT: root,
      SECRETS: secrets,
      DATA: mounts.data,
      KEYS: mounts.keys,
      KEYS_MODE: mounts.keysWritable ? 'rw' : 'ro',
    };
    const options = ['--mount', '--pid', '--fork', 'sh', '-c', enter, 'sh'];
    const child = spawn('unshare', [...options, ...command(args, settings)], { env, stdio: 'pipe' });
    child.stdin.end(input);
    return new Running(child);
  }

  /** The program itself, below unshare. */
  get pid(): string {
    return run('pgrep', '--parent', String(this.child.pid)).trim();
  }

  /** Another program beside it, as `kubectl exec` starts one. */
  async exec(
    args: readonly string[],
    settings: Settings,
    input = '',
  ): Promise<{ code: number | null; output: string }> {
    const inside = ['--target', this.pid, '--mount', '--pid', '--'];
    const become = ['setpriv', '--no-new-privs', 'chroot', '--userspec=10001:10001', '--groups=', root];
    const child = spawn('nsenter', [...inside, ...become, ...command(args, settings)], { stdio: 'pipe' });
    child.stdin.end(input);
    const other = new Running(child);
    return { code: await other.exit, output: other.output };
  }

  /** Waits until an address answers with this status. */
  async answers(address: string, status: number): Promise<void> {
    const deadline = Date.now() + 30_000;
    let ended = false;
    let last: number | undefined;
    void this.exit.then(() => (ended = true));
    while (!ended && Date.now() < deadline) {
      last = (await fetch(address).catch(() => undefined))?.status;
      if (last === status) return;
      await sleep(100);
    }
    throw new Error(`${address} answered ${last}: ${this.output.slice(-4_000)}`);
  }

  async stop(): Promise<number | null> {
    process.kill(Number(this.pid), 'SIGTERM');
    return Promise.race([this.exit, sleep(15_000, undefined, { ref: false }).then(() => null)]);
  }

  /** The program by its own id: unshare's --kill-child is void once the program has become another user. */
  kill(): void {
    const { stdout } = spawnSync('pgrep', ['--parent', String(this.child.pid)], { encoding: 'utf8' });
    for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const cli = (...args: string[]) => ['dist/src/cli/main.js', ...args];
const password = randomBytes(12).toString('hex');
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const production: Settings = {
  HOST: '127.0.0.1',
  PORT: String(port),
  KEYS_FILE: '/keys/keys.json',
  TOKEN_ISSUER_FILE: secret('issuer', 'https://id.example.com\n'),
  TOKEN_AUDIENCE: 'https://api.example.com',
};

async function post(
  path: string,
  body: unknown,
): Promise<{ status: number; data: Readonly<Record<string, unknown>> }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const { data } = (await answer.json()) as { data: Readonly<Record<string, unknown>> | null };
  return { status: answer.status, data: data ?? {} };
}

async function signsIn(): Promise<void> {
  const { status, data } = await post('/signin', { username: 'admin', password });
  assert.equal(status, 200);
  const me = await fetch(`${url}/me`, {
    headers: { authorization: `Bearer ${String(data['access_token'])}` },
  });
  assert.equal(me.status, 200);
}

/** The folder as the kubelet mounts a Secret: a file of root with mode 0440, reached through two symbolic links. */
function asSecret(from: string): string {
  const mount = folder('keys-secret', 0, 0o1777);
  const version = join(mount, '..2026_01_01');
  fs.mkdirSync(version, { mode: 0o755 });
  fs.symlinkSync('..2026_01_01', join(mount, '..data'));
  fs.copyFileSync(join(from, 'keys.json'), join(version, 'keys.json'));
  fs.chownSync(join(version, 'keys.json'), 0, 10001);
  fs.chmodSync(join(version, 'keys.json'), 0o440);
  fs.symlinkSync('..data/keys.json', join(mount, 'keys.json'));
  return mount;
}

const data = folder('data', 10001, 0o700);
const made = folder('keys', 10001, 0o700);
let server: Running | undefined;

try {
  await check('production without settings refuses to start and names every problem', async () => {
    const refused = Running.start(config.Cmd, { KEYS_FILE: '/keys/keys.json' }, { data, keys: made });
    assert.equal(await refused.exit, 1, refused.output);
    for (const name of ['TOKEN_ISSUER', 'TOKEN_AUDIENCE', 'KEYS_FILE']) {
      assert.match(refused.output, new RegExp(`^.*${name}.*$`, 'm'));
    }
  });
  await check('`keys generate` makes the first keys, before any other setting exists', async () => {
    const mounts = { data, keys: made, keysWritable: true };
    const generate = Running.start(cli('keys', 'generate'), { KEYS_FILE: '/keys/keys.json' }, mounts);
    assert.equal(await generate.exit, 0, generate.output);
    assert.deepEqual(fs.readdirSync(made).sort(), ['keys.json', 'keys.json.lock']);
    assert.equal(fs.statSync(join(made, 'keys.json')).mode & 0o777, 0o600);
  });
  const keys = asSecret(made);
  const up = await check(
    'it becomes ready on a read-only root, with keys and secrets as mounted files',
    async () => {
      started = Date.now();
      server = Running.start(config.Cmd, production, { data, keys });
      await server.answers(`${url}/health/ready`, 200);
      console.log(`      ready after ${Date.now() - started} ms`);
    },
  );
  if (!up || server === undefined) throw new Error('the rest needs a running server');
  const running = server;

  await check('it is 10001, without a capability and without a way to one', () => {
    const status = fs.readFileSync(`/proc/${running.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\s+10001\s+10001\s+10001\s+10001$/m);
    assert.match(status, /^Gid:\s+10001\s+10001\s+10001\s+10001$/m);
    assert.match(status, /^CapEff:\s+0+$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    console.log(
      `      resident memory ${Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024)} MiB`,
    );
  });
  await check('it can write to /data and /tmp only', async () => {
    const places = ['/data', '/tmp', '/app', '/keys', '/etc', '/var/tmp', '/run/secrets'];
    const script = `for (const place of ${JSON.stringify(places)}) {
      try { require('fs').writeFileSync(place + '/probe', ''); require('fs').rmSync(place + '/probe'); console.log(place); } catch {}
    }`;
    const { output } = await running.exec(['--eval', script], {});
    assert.deepEqual(output.trim().split('\n'), ['/data', '/tmp']);
  });
  await check('`admin create` beside the server makes the first administrator, who signs in', async () => {
    const args = cli('admin', 'create', 'admin');
    const { code, output } = await running.exec(args, production, `${password}\n`);
    assert.equal(code, 0, output);
    assert(!output.includes(password), 'the password is printed');
    await signsIn();
  });
  await check('the health check of the image passes', async () => {
    const { code, output } = await running.exec(config.Healthcheck.Test.slice(2), production);
    assert.equal(code, 0, output);
  });
  await check('docs and metrics are not on the API in production', async () => {
    for (const path of ['/docs', '/openapi.json', '/metrics'])
      assert.equal((await fetch(url + path)).status, 404, path);
  });
  const copy = folder('restored', 10001, 0o700);
  await check('a backup of SQLite can be made beside the running server', async () => {
    const script = `new (require('better-sqlite3'))('/data/gatehouse.sqlite').exec("VACUUM INTO '/data/backup.sqlite'")`;
    const { code, output } = await running.exec(['--eval', script], {});
    assert.equal(code, 0, output);
    fs.renameSync(join(data, 'backup.sqlite'), join(copy, 'gatehouse.sqlite'));
  });
  await check('SIGTERM ends it with 0', async () => {
    assert.equal(await running.stop(), 0, running.output.slice(-2_000));
  });
  await check('started again on the same data, it knows the account', async () => {
    server = Running.start(config.Cmd, production, { data, keys });
    await server.answers(`${url}/health/ready`, 200);
    await signsIn();
    assert.equal(await server.stop(), 0);
  });

  await check('started on the backup alone, it knows the account too', async () => {
    server = Running.start(config.Cmd, production, { data: copy, keys });
    await server.answers(`${url}/health/ready`, 200);
    await signsIn();
    assert.equal(await server.stop(), 0);
  });

  // As the chart does it: a Job with the rights to alter tables, then a service that has none.
  const admin = await createConnection({ host: '127.0.0.1', user: 'root' }).catch(() => undefined);
  if (admin === undefined)
    console.log('skip  MySQL: no server on 127.0.0.1:3306 that takes root without a password');
  else {
    const name = `gatehouse_image_${process.pid}`;
    const restored = `${name}_restored`;
    const accounts = { migration: `image_m_${process.pid}`, service: `image_s_${process.pid}` };
    const as = (user: string): Settings => ({
      ...production,
      DATABASE_HOST: '127.0.0.1',
      DATABASE_DIALECT: 'mariadb',
      DATABASE_NAME: name,
      DATABASE_USER_FILE: secret(`${user}-username`, user),
      DATABASE_PASSWORD_FILE: secret(`${user}-password`, password),
      MIGRATE: 'off',
    });
    try {
      await admin.query(`CREATE DATABASE ${name}`);
      for (const user of Object.values(accounts)) {
        await admin.query(`CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`);
      }
      // What docs/operations.md grants.
      const rows = 'SELECT, INSERT, UPDATE, DELETE';
      const tables = `${rows}, CREATE, ALTER, DROP, INDEX, REFERENCES`;
      await admin.query(`GRANT ${tables} ON ${name}.* TO '${accounts.migration}'@'%'`);
      await admin.query(`GRANT ${rows} ON ${name}.* TO '${accounts.service}'@'%'`);
      const empty = folder('no-keys', 0, 0o755);
      await check('MySQL: before the migration the service is alive and not ready', async () => {
        server = Running.start(config.Cmd, as(accounts.service), { data, keys });
        await server.answers(`${url}/health/live`, 200);
        await server.answers(`${url}/health/ready`, 503);
        server.kill();
        await server.exit;
      });
      await check('MySQL: the migration runs under its own account, without the keys', async () => {
        const { KEYS_FILE: _, ...settings } = as(accounts.migration);
        const job = Running.start(cli('migrate', 'up'), settings, {
          data: folder('scratch', 10001, 0o700),
          keys: empty,
        });
        assert.equal(await job.exit, 0, job.output);
      });
      await check('MySQL: an account that cannot alter tables is enough to serve', async () => {
        server = Running.start(config.Cmd, as(accounts.service), { data, keys });
        await server.answers(`${url}/health/ready`, 200);
        const args = cli('admin', 'create', 'admin');
        const { code, output } = await server.exec(args, as(accounts.service), `${password}\n`);
        assert.equal(code, 0, output);
        await signsIn();
        assert.equal(await server.stop(), 0);
      });
      await check('MySQL: a dump, restored into another database, serves too', async () => {
        const dump = join(work, 'dump.sql');
        const client = ['-h127.0.0.1', '-uroot'];
        const options = ['--single-transaction', '--routines', '--hex-blob', '--no-tablespaces'];
        run('mysqldump', ...client, ...options, `--result-file=${dump}`, name);
        await admin.query(`CREATE DATABASE ${restored} CHARACTER SET utf8mb4`);
        await admin.query(`GRANT ${rows} ON ${restored}.* TO '${accounts.service}'@'%'`);
        run('mysql', ...client, restored, '-e', `source ${dump}`);
        server = Running.start(
          config.Cmd,
          { ...as(accounts.service), DATABASE_NAME: restored },
          { data, keys },
        );
        await server.answers(`${url}/health/ready`, 200);
        await signsIn();
        assert.equal(await server.stop(), 0);
      });
    } finally {
      await admin.query(`DROP DATABASE IF EXISTS ${restored}`);
      await admin.query(`DROP DATABASE IF EXISTS ${name}`);
      for (const user of Object.values(accounts)) await admin.query(`DROP USER IF EXISTS '${user}'@'%'`);
      await admin.end();
    }
  }
} catch (error) {
  failed += 1;
  console.log(`FAIL  ${String(error)}`);
} finally {
  server?.kill();
  await server?.exit;
  buildah('rm', container);
  buildah('rmi', '--force', 'localhost/gatehouse:test');
  buildah('rmi', '--prune');
  fs.rmSync(work, { recursive: true, force: true });
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
