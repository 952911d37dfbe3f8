import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp, listen } from '../../src/app.ts';
import { bootstrapAdministrator } from '../../src/users/first-administrator.ts';
import { loadConfig, type Config } from '../../src/config/config.ts';
import { bootstrapPasswordRefusals } from '../../src/credentials/password-policy.ts';
import { Database } from '../../src/database/database.ts';
import { migrateUp } from '../../src/database/migrator.ts';
import { ensureCurrentKeys } from '../../src/keyring/key-rotation.ts';
import { Clock } from '../../src/platform/time/clock.ts';
import { Periodic } from '../../src/platform/time/periodic.ts';
import { expectDocumented } from './openapi.ts';
import { useOwnStrategies } from './own-strategies.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

/** Stands still at the moment it was made, until a test moves it. */
export class TestClock extends Clock {
  private instant = Date.now();

  override now(): number {
    return this.instant;
  }

  advance(milliseconds: number): void {
    this.instant += milliseconds;
  }
}

export interface StartOptions {
  /** Settings beyond those of the test itself, by the names of the environment. */
  readonly env?: Record<string, string>;
  readonly clock?: TestClock;
  /** Another app's, to start a second replica on it; by default one of its own, which goes with `close()`. */
  readonly testDatabase?: TestDatabase;
}

export interface Envelope<T> {
  readonly code: number;
  readonly data: T;
  readonly msg: string;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text read as JSON, in the shape that the caller expects; `{}` in place of what is no JSON. */
  readonly body: Envelope<T>;
}

export interface CallOptions {
  /** Sent as `Authorization: Bearer …`. */
  readonly token?: string;
  /** Sent as JSON; text and bytes are sent as they are, under the JSON type. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** The address to call from, which must be one of 127.0.0.0/8. */
  readonly from?: string;
}

export interface SignInData {
  readonly session_id: string;
  readonly access_token: string;
  readonly access_token_expires_at: string;
  readonly refresh_token: string;
  readonly refresh_token_expires_at: string;
  readonly user: {
    readonly username: string;
    readonly full_name: string;
    readonly email: string;
    readonly phone: string;
    readonly password_change_at: string;
    readonly created_at: string;
  };
}

export interface NewUser {
  readonly username?: string;
  readonly full_name?: string;
  readonly password?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly roles?: readonly string[];
  readonly must_change_password?: boolean;
}

export interface CreatedUser {
  readonly id: string;
  readonly username: string;
  readonly password: string;
}

export const ADMIN = { username: 'admin', password: 'tidal-marble-orchard-57' } as const;

/** The password of every user that `createUser` makes, unless it is told another. */
export const PASSWORD = 'lantern-pocket-gravel-31';

/** To make the API document takes half a second of each start, so only the tests that read it ask for it. */
export const WITH_DOCS = { DOCS_ENABLED: 'true' } as const;

/** Starts the service on a database of the lane: migrated, with keys and an administrator, on a port of its own. */
export async function startApp(options: StartOptions = {}): Promise<TestApp> {
  const { clock = new TestClock(), env = {} } = options;
  const testDatabase = options.testDatabase ?? (await createTestDatabase());
  const lines: string[] = [];
  try {
    const config = loadConfig(
      {
        PORT: '0',
        DOCS_ENABLED: 'false',
        BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
        ...testDatabase.env,
        ...env,
      },
      bootstrapPasswordRefusals,
    );
    await migrateUp(config.database);
    await ensureCurrentKeys(config.keyring.keysFile, { now: clock.now() });
    const nest = await createApp(config, {
      clock,
      logDestination: { write: (line) => void lines.push(line) },
    });
    await nest.init();
    // A test begins a round itself where it wants one; others would come at random moments.
    await nest.get(Periodic).stop();
    await bootstrapAdministrator(nest, config.bootstrap);
    useOwnStrategies(nest);
    const url = await listen(nest, config);
    const owned = options.testDatabase === undefined;
    return new TestApp({ url, clock, config, lines, nest, testDatabase, owned });
  } catch (error) {
    if (options.testDatabase === undefined) await testDatabase.drop();
    throw error;
  }
}

interface Parts {
  readonly url: string;
  readonly clock: TestClock;
  readonly config: Config;
  readonly lines: string[];
  readonly nest: NestFastifyApplication;
  readonly testDatabase: TestDatabase;
  readonly owned: boolean;
}

let usersMade = 0;

/** The running service, and what a test does to it from outside. */
export class TestApp {
  readonly url: string;
  readonly clock: TestClock;
  readonly config: Config;
  /** What was logged so far, one JSON text a line. */
  readonly lines: readonly string[];
  readonly nest: NestFastifyApplication;
  readonly testDatabase: TestDatabase;
  /** Past the service, for dumps and for states that no call leads to. */
  readonly database: Database;
  readonly admin = ADMIN;
  private readonly owned: boolean;
  private readonly agents = new Map<string, Agent>();
  private adminToken = '';
  private adminSignsIn: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.url = parts.url;
    this.clock = parts.clock;
    this.config = parts.config;
    this.lines = parts.lines;
    this.nest = parts.nest;
    this.testDatabase = parts.testDatabase;
    this.owned = parts.owned;
    this.database = parts.nest.get(Database);
  }

  /** One HTTP request, whose answer must be one that openapi.yaml describes. Header names are in lower case. */
  async call<T = unknown>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const { token, body, from = '127.0.0.1' } = options;
    const payload =
      body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const sent = request(`${this.url}${path}`, {
      method,
      localAddress: from,
      agent: this.agent(from),
      headers: {
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...options.headers,
      },
    });
    sent.end(payload);
    const [answer] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    expectDocumented({ method, path, body, status: answer.statusCode, headers: answer.headers, text });
    return { status: answer.statusCode, headers: answer.headers, text, body: parsed(text) as Envelope<T> };
  }

  /** `POST /signin`, which is expected to succeed; a 503 is tried again, as its Retry-After asks. */
  async signIn(
    username: string = ADMIN.username,
    password: string = ADMIN.password,
    options: Pick<CallOptions, 'headers' | 'from'> = {},
  ): Promise<SignInData> {
    const body = { username, password };
    const answer = await this.patiently(() => this.call<SignInData>('POST', '/signin', { ...options, body }));
    if (answer.status !== 200) throw new Error(`POST /signin answered ${answer.status} ${answer.text}`);
    return answer.body.data;
  }

  /** A user made by the administrator; whatever is not given is made up. */
  async createUser(given: NewUser = {}): Promise<CreatedUser> {
    usersMade += 1;
    const body = {
      username: `person-${process.pid}-${usersMade}`,
      full_name: 'A Person',
      password: PASSWORD,
      ...given,
    };
    const post = () =>
      this.call<{ id: string; username: string }>('POST', '/users', { token: this.adminToken, body });
    let answer = await this.patiently(post);
    // None yet, or the clock was moved past its end.
    if (answer.status === 401) {
      await this.renewAdminToken();
      answer = await this.patiently(post);
    }
    if (answer.status !== 201) throw new Error(`POST /users answered ${answer.status} ${answer.text}`);
    const { id, username } = answer.body.data;
    return { id, username, password: body.password };
  }

  /** A machine that others use, too, may be too slow for the deadlines of many calls at once. */
  private async patiently<T>(call: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const answer = await call();
      if (answer.status !== 503 || Date.now() > deadline) return answer;
      await sleep(250);
    }
  }

  /** Once for all who ask at the same time. */
  private async renewAdminToken(): Promise<void> {
    this.adminSignsIn ??= this.signIn()
      .then(({ access_token }) => void (this.adminToken = access_token))
      .finally(() => (this.adminSignsIn = undefined));
    await this.adminSignsIn;
  }

  /** Every row of every table, as text: what somebody with a copy of the database can read. */
  async dump(): Promise<string> {
    const tables = await this.database.query<Array<{ name: string }>>(
      this.database.dialect === 'sqlite'
        ? "SELECT name FROM sqlite_master WHERE type = 'table'"
        : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    const contents = await Promise.all(
      tables.map(async ({ name }) => [name, await this.database.query(`SELECT * FROM ${name}`)] as const),
    );
    return JSON.stringify(Object.fromEntries(contents));
  }

  async close(): Promise<void> {
    for (const agent of this.agents.values()) agent.destroy();
    await this.nest.close();
    if (this.owned) await this.testDatabase.drop();
  }

  private agent(from: string): Agent {
    const known = this.agents.get(from) ?? new Agent({ keepAlive: true });
    this.agents.set(from, known);
    return known;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
