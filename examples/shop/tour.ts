/**
 * `npm run tour`: starts Gatehouse in an empty folder and the shop beside it, gives a permission, takes it away, and prints
 * what happens. It ends both, and leaves nothing behind.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PASSWORD = 'tidal-marble-orchard-57';
const MEI = { username: 'mei', full_name: 'Mei Lin', password: 'lantern-pocket-gravel-31' };

interface Answer<T> {
  readonly status: number;
  readonly data: T;
}

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tour-'));
const children: ChildProcess[] = [];
try {
  await tour();
} finally {
  for (const child of children) {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
}

async function tour(): Promise<void> {
  const [port, shopPort] = [await freePort(), await freePort()];
  const [url, shop] = [`http://localhost:${port}`, `http://localhost:${shopPort}`];
  await start(['dist/src/main.js'], `${url}/health/ready`, {
    PORT: String(port),
    DATA_DIR: folder,
    BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
  });
  say(`Gatehouse is ready on ${url}.`);

  const admin = await signIn(url, 'admin', PASSWORD);
  const by = (token: string) => caller(url, token);
  const { post, put } = by(admin);
  const permissions = ['tokens:introspect', 'applications:declare'];
  await post('/roles', { key: 'verifier', name: 'Verifies tokens', permissions });
  const account = { kind: 'service', username: 'shop', full_name: 'The shop', roles: ['verifier'] };
  const { id: owner_id } = await post<{ id: string }>('/users', account);
  await post('/applications', { key: 'shop', name: 'The shop', owner_id });
  const { secret } = await post<{ secret: string }>(`/users/${owner_id}/keys`, {
    name: 'The shop itself',
    scopes: permissions,
  });
  say('The shop has a service account, and a key that it will show.');

  await start(['examples/shop/server.ts'], `${shop}/orders`, {
    PORT: String(shopPort),
    GATEHOUSE_URL: url,
    GATEHOUSE_ISSUER: 'gatehouse',
    GATEHOUSE_AUDIENCE: 'gatehouse',
    GATEHOUSE_KEY: secret,
  });
  say(`The shop is open on ${shop}. At its start it declared shop/orders:read and shop/orders:refund.`);

  await post('/roles', { key: 'clerk', name: 'Clerk', permissions: ['shop/orders:read'] });
  await post('/roles', { key: 'cashier', name: 'Cashier', permissions: ['shop/orders:refund'] });
  const { id: mei } = await post<{ id: string }>('/users', { ...MEI, roles: ['clerk'] });
  const token = await signIn(url, MEI.username, MEI.password);
  const orders = () => call(shop, 'GET', '/orders', token);
  const refund = () => call(shop, 'POST', '/orders/1/refund', token);
  say(
    `Mei is a clerk. She lists orders: ${(await orders()).status}. She refunds one: ${(await refund()).status}.`,
  );

  await put(`/users/${mei}/roles`, { roles: ['clerk', 'cashier'] });
  say(`Now she is a cashier, too. She refunds one: 200 after ${await until(refund, 200)} ms.`);
  await put(`/users/${mei}/roles`, { roles: ['clerk'] });
  say(`The role is taken away. She refunds one: 403 after ${await until(refund, 403)} ms.`);
  await by(token).post('/signout');
  say(
    `She signs out. She lists orders: 401 after ${await until(orders, 401)} ms, with a token that is still valid by itself.`,
  );
}

/** Asks until this is the answer; how many milliseconds that took. */
async function until(ask: () => Promise<Answer<unknown>>, status: number): Promise<number> {
  const begun = performance.now();
  while (performance.now() - begun < 5_000) {
    if ((await ask()).status === status) return Math.round(performance.now() - begun);
    await sleep(20);
  }
  throw new Error(`The shop did not answer ${status} within five seconds.`);
}

async function signIn(url: string, username: string, password: string): Promise<string> {
  const { data } = await call<{ access_token: string }>(url, 'POST', '/signin', undefined, {
    username,
    password,
  });
  return data.access_token;
}

/** Calls that must succeed. */
function caller(url: string, token: string) {
  const done = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const { status, data } = await call<T>(url, method, path, token, body);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}.`);
    return data;
  };
  return {
    post: <T>(path: string, body?: object) => done<T>('POST', path, body),
    put: <T>(path: string, body: object) => done<T>('PUT', path, body),
  };
}

async function call<T = unknown>(
  url: string,
  method: string,
  path: string,
  token?: string,
  body?: object,
): Promise<Answer<T>> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const { data } = (await answer.json()) as { data: T };
  return { status: answer.status, data };
}

/** Starts a program, and waits until it answers anything. */
async function start(args: readonly string[], address: string, env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  for (let tries = 0; tries < 300; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}.`);
    const answer = await fetch(address).catch(() => undefined);
    if (answer !== undefined && answer.status < 500) return;
    await sleep(100);
  }
  throw new Error(`${args.join(' ')} did not start within 30 seconds.`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
