/** What a stranger can do with bytes alone, without credentials or with any, to the built program. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { get, post } from '../support/bytes.ts';
import { freePort } from '../support/free-port.ts';
import { call, type Answer } from './support/client.ts';
import { deploySqlite, newFolder, WIDE_BUDGETS } from './support/deployment.ts';
import { Load, percentile, slowest, tally } from './support/load.ts';
import { mustSignIn } from './support/people.ts';
import { mutated, randomFrom } from './support/mutations.ts';
import { pipeline } from './support/pipeliner.ts';
import { PASSWORD, Replica } from './support/replica.ts';
import { finding, inOrder, timely, type Finding, type Scenario } from './support/scenario.ts';

const BURST = 64 * 1024;
const CONNECTIONS = 100;

/** Sends the bytes, perhaps in two parts, and goes in one of the ways in which a client can go. */
async function sendAndGo(port: number, random: () => number): Promise<boolean> {
  const bytes = Buffer.from(mutated(random), 'latin1');
  const [way, pause, split] = [random(), random(), random()];
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  const connected = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  if (!connected) return false;
  const half = Math.floor(bytes.length * split);
  socket.write(bytes.subarray(0, half));
  if (pause < 0.2) await sleep(1);
  socket.write(bytes.subarray(half));
  if (pause > 0.6) await sleep(1);
  if (way < 0.6) socket.resetAndDestroy();
  else if (way < 0.8) socket.destroy();
  else {
    socket.end();
    await Promise.race([once(socket, 'close'), sleep(30)]).catch(() => undefined);
    socket.destroy();
  }
  return true;
}

export const resetConnections: Scenario = {
  name: 'reset connections',
  injected: 'mutated requests, mostly reset at once, to both ports, in a trial and in production (seeded)',
  run: (short) =>
    inOrder(async (later) => {
      const folder = newFolder();
      const trial = { ...WIDE_BUDGETS, DATA_DIR: folder, MANAGEMENT_PORT: String(await freePort()) };
      const findings: Finding[] = [];
      for (const [name, settings] of [
        ['trial', trial],
        [
          'production',
          {
            ...trial,
            NODE_ENV: 'production',
            TOKEN_ISSUER: 'a',
            TOKEN_AUDIENCE: 'a',
            HOST: '127.0.0.1',
            BOOTSTRAP_ADMIN_PASSWORD: '',
          },
        ],
      ] as const) {
        const replica = await Replica.start(settings);
        later(() => replica.kill());
        const count = short ? 2_000 : 20_000;
        let sent = 0;
        const lanes = [20_261_124, 7].flatMap((seed) =>
          [replica.port, Number(settings.MANAGEMENT_PORT)].map(async (port, index) => {
            const random = randomFrom(seed + index);
            for (let turn = 0; turn < count / 4 && !replica.hasEnded; turn += 1)
              if (await sendAndGo(port, random)) sent += 1;
          }),
        );
        await Promise.all(lanes);
        await sleep(500);
        const errors = replica.output.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
        const alive = !replica.hasEnded && (await replica.call('GET', '/health/live')).status === 200;
        findings.push(
          finding(
            `${name}: the process stays`,
            alive && sent > count * 0.95,
            `${sent} connections, ${alive ? 'alive' : 'ended'}`,
          ),
          finding(
            `${name}: no error line`,
            errors.length === 0,
            `${errors.length} ${errors[0]?.slice(0, 300) ?? ''}`,
          ),
        );
        await replica.kill();
      }
      return findings;
    }),
};

/** Liveness, asked every 20 ms on connections of its own. */
function watch(replica: Replica): Load {
  return new Load(1, 20, () => replica.call('GET', '/health/live', { timeout: 10_000 }));
}

export const longTexts: Scenario = {
  name: 'long texts',
  injected: '32 KiB of combining marks as names and passwords, 20 at once, 10 times',
  run: () =>
    inOrder(async (later) => {
      const { replica } = await deploySqlite(later);
      const { access: token } = await mustSignIn(replica);
      const marks = `a${['\u0345', '\u0315', '\u0300', '\u0316'].map((mark) => mark.repeat(3_900)).join('')}`;
      const load = watch(replica);
      const answers: Answer[] = [];
      for (let round = 0; round < 10; round += 1) {
        const calls = Array.from({ length: 20 }, (_, index) =>
          index % 2 === 0
            ? replica.call('PATCH', '/me', { token, body: { full_name: marks } })
            : replica.call('POST', '/me/password', {
                token,
                body: { current_password: PASSWORD, new_password: marks },
              }),
        );
        answers.push(...(await Promise.all(calls)));
      }
      const live = await load.stop();
      return [
        finding(
          'all are refused',
          answers.every(({ status }) => status === 400),
          tally(answers),
        ),
        timely(
          'liveness p99 ≤ 300 ms',
          percentile(live, 0.99) <= 300,
          `p99 ${percentile(live, 0.99)} ms, slowest ${slowest(live)[0]} ms`,
        ),
      ];
    }),
};

/** In MiB. */
function memoryOf({ pid }: Replica): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

/** A body that comes byte by byte, of which Node tells each. */
const CHUNKS = `${post('/signin', [], 'Transfer-Encoding: chunked\r\n').replace(/Content-Length: 2\r\n|\[\]/g, '')}${'1\r\n \r\n'.repeat(10_800)}`;

/** A name, a request, and whether the short form tries it too. */
const ROUTES: ReadonlyArray<readonly [string, string, boolean]> = [
  ['the bundle', get('/docs/swagger-ui-bundle.js'), true],
  ['the document', get('/openapi.json'), false],
  ['/codes', get('/codes'), true],
  ['the shortest refusal', 'GET / HTTP/1.1\r\n\r\n', true],
  ['one-byte chunks', CHUNKS, true],
  ['/metrics', get('/metrics'), false],
  ['renewals', post('/tokens/renew_access', { refresh_token: 'ghr_unknown' }), false],
  ['sign-ins', post('/signin', { username: 'nobody', password: 'nothing' }), false],
];

export const pipelinedRequests: Scenario = {
  name: 'pipelined requests',
  injected:
    '100 connections with 64 KiB of one request each, read and unread, 3 s each, a new process a route',
  run: (short) =>
    inOrder(async (later) => {
      const { replica } = await deploySqlite(later);
      const findings: Finding[] = [];
      for (const [name, request, always] of ROUTES) {
        if (short && !always) continue;
        await replica.stop();
        await replica.start();
        await pipeline({ port: replica.port, connections: 1, bytes: request, reads: true, ms: 300 });
        const before = memoryOf(replica);
        for (const reads of [true, false]) {
          const bytes = request.repeat(Math.floor(BURST / request.length));
          const load = watch(replica);
          let peak = 0;
          const timer = setInterval(() => (peak = Math.max(peak, memoryOf(replica))), 50);
          await pipeline({ port: replica.port, connections: CONNECTIONS, bytes, reads, ms: 3_000 });
          clearInterval(timer);
          const live = await load.stop();
          const p99 = percentile(live, 0.99);
          const grown = peak - before;
          const what = `${name}, ${reads ? 'read' : 'unread'}`;
          findings.push(
            finding(
              `${what}: memory + ≤ 150 MiB`,
              grown <= 150 && live.every(({ status }) => status === 200),
              `${before.toFixed(0)} + ${grown.toFixed(0)} MiB; liveness ${tally(live)}`,
            ),
            timely(`${what}: liveness p99 ≤ 300 ms`, p99 <= 300, `p99 ${p99} ms`),
          );
        }
      }
      return findings;
    }),
};

export const unreadAnswers: Scenario = {
  name: 'unread answers',
  injected: '100 connections with 64 KiB of requests each whose answers nobody reads, few and many bytes',
  waits: true,
  run: () =>
    inOrder(async (later) => {
      const { replica } = await deploySqlite(later);
      // The one by which this scenario asks.
      const own = openConnections(replica.port);
      const connections = CONNECTIONS / 2;
      const bursts = [get('/docs/swagger-ui-bundle.js'), get('/health/live')].map((request) =>
        pipeline({
          port: replica.port,
          connections,
          bytes: request.repeat(Math.floor(BURST / request.length)),
          reads: false,
          ms: 60_000,
        }),
      );
      await sleep(58_000);
      const open = openConnections(replica.port) - own;
      await Promise.all(bursts);
      const { status } = await replica.call('GET', '/health/live');
      return [
        finding(
          'all are gone after 60 s',
          open === 0 && status === 200,
          `${open} of ${2 * connections} open after 58 s`,
        ),
      ];
    }),
};

/** Connections that the server still holds: what the system lists as established at its port. */
function openConnections(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => {
    const [, address = '', , state] = line.trim().split(/\s+/);
    return address.endsWith(local) && state === '01';
  }).length;
}

export const answersInOrder: Scenario = {
  name: 'answers in order',
  injected: 'a creation with garbage behind it, on 100 connections',
  run: () =>
    inOrder(async (later) => {
      const { replica } = await deploySqlite(later);
      const { access } = await mustSignIn(replica);
      const statuses: string[] = [];
      for (let index = 0; index < 100; index += 1) {
        const body = { username: `piped${index}`, full_name: 'A Person', password: PASSWORD };
        const socket = connect(replica.port, '127.0.0.1');
        socket.write(`${post('/users', body, `Authorization: Bearer ${access}\r\n`)}no HTTP\r\n\r\n`);
        statuses.push((await textUntilClosed(socket)).match(/HTTP\/1\.1 \d+/g)?.join(' ') ?? 'nothing');
      }
      const { data } = await replica.call('GET', '/users?q=piped&page_size=1', { token: access });
      const good = statuses.filter((text) => text === 'HTTP/1.1 201 HTTP/1.1 400').length;
      return [
        finding(
          'each creation has its own answer',
          good === 100 && data['total'] === 100,
          `${good} of 100; ${String(data['total'])} users`,
        ),
      ];
    }),
};

async function textUntilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (text += String(chunk)));
  await once(socket, 'close');
  return text;
}

export const directClients: Scenario = {
  name: 'direct clients',
  injected:
    'SIGTERM to a process that clients with kept connections are using, without a load balancer, 5 times',
  run: () =>
    inOrder(async (later) => {
      const { replica } = await deploySqlite(later);
      const exits: Array<number | string> = [];
      const answers: Answer[] = [];
      for (let round = 0; round < 5; round += 1) {
        const { refresh } = await mustSignIn(replica);
        const load = new Load(24, 3, (worker) =>
          worker % 3 === 0
            ? call(replica.base, 'GET', '/codes')
            : call(replica.base, 'POST', '/tokens/renew_access', { body: { refresh_token: refresh } }),
        );
        await sleep(500);
        exits.push(await replica.stop());
        answers.push(...(await load.stop()));
        await replica.start();
      }
      // Once it has ended, nobody listens.
      const served = answers.filter(({ failure }) => failure !== 'ECONNREFUSED');
      return [
        finding(
          'no reset',
          served.every(({ status }) => status === 200) && served.length > 500,
          tally(served),
        ),
        finding(
          'exit 0',
          exits.every((code) => code === 0),
          `exit codes ${exits.join(' ')}`,
        ),
      ];
    }),
};
