import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { CredentialsService } from '../src/credentials/credentials.service.js';
import { PasswordCredential } from '../src/credentials/password-credential.entity.js';
import { Database } from '../src/database/database.js';
import { DuplicateKeyError } from '../src/database/driver-errors.js';
import type { ConfigType } from '@nestjs/config';
import { sessionsConfig } from '../src/config/sessions.config.js';
import { newId, randomToken } from '../src/platform/crypto/random.js';
import { Clock, DAY, SECOND, type Instant } from '../src/platform/time/clock.js';
import { seedPerson, SERIALS } from './people.js';
import { Session } from '../src/sessions/session.entity.js';
import { UserSearchTermsRepository } from '../src/users/user-search-terms.repository.js';
import { shortIdOf, User } from '../src/users/user.entity.js';

export interface SeedRequest {
  readonly users: number;
  /** Live sessions, spread over the seeded users. Nobody has their refresh tokens. */
  readonly sessions: number;
  /** Called after every batch with how many users are there by now. */
  readonly onProgress?: (done: number) => void;
}

export interface Seeded {
  readonly users: number;
  readonly sessions: number;
  /** Of every seeded user: hashing a password for each would take hours for a million. */
  readonly password: string;
}

type Lifetimes = ConfigType<typeof sessionsConfig>;

/** Rows of one statement: enough to spare round trips, few enough for SQLite's limit of 32 766 parameters. */
const BATCH = 500;

/** Failed batches in a row after which a run gives up. */
const BEARABLE_OUTAGES = 5;

const OLDEST = 3 * 365 * DAY;
const LONGEST_UNUSED = 90 * DAY;

const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'okhttp/4.12.0',
];

/**
 * Fills the database with people who do not exist, to look at a full system or to measure one. Every batch is a
 * transaction of its own; what a stopped run has written stays and is whole. Seeding leaves no audit rows.
 */
export async function seed(app: INestApplicationContext, request: SeedRequest): Promise<Seeded> {
  const database = app.get(Database);
  const searchTerms = app.get(UserSearchTermsRepository);
  const lifetimes = app.get<Lifetimes>(sessionsConfig.KEY);
  const now = app.get(Clock).now();
  const password = randomToken(12);
  const hash = await app.get(CredentialsService).hash(password);

  let serial = await firstSerial(database);
  let sessions = 0;
  let outages = 0;
  for (let done = 0; done < request.users;) {
    const count = Math.min(BATCH, request.users - done);
    const users = makeUsers({ serial, count, first: done, of: request.users, now });
    serial = (serial + count) % SERIALS;
    const due = Math.floor((request.sessions * (done + count)) / request.users) - sessions;
    try {
      await database.transaction(async (manager) => {
        await manager.insert(User, users);
        await searchTerms.insert(users);
        const credentials = users.map(({ id }) => ({ userId: id, hash, updatedAt: now }));
        await manager.insert(PasswordCredential, credentials);
        const opened = makeSessions(users, due, lifetimes, now);
        for (let from = 0; from < due; from += BATCH)
          await manager.insert(Session, opened.slice(from, from + BATCH));
      });
    } catch (error) {
      // Somebody has one of these names already, from a run before: the next numbers make other people.
      if (error instanceof DuplicateKeyError) continue;
      // A long run meets a busy moment of the database; a database that is gone ends it.
      outages += 1;
      if (outages > BEARABLE_OUTAGES) throw error;
      await sleep(1 * SECOND);
      continue;
    }
    outages = 0;
    done += count;
    sessions += due;
    request.onProgress?.(done);
  }
  return { users: request.users, sessions, password };
}

/** Where a run before has probably ended. */
async function firstSerial(database: Database): Promise<number> {
  return (await database.getRepository(User).count()) % SERIALS;
}

interface UserBatch {
  readonly serial: number;
  readonly count: number;
  readonly first: number;
  readonly of: number;
  readonly now: Instant;
}

/**
 * A run goes from the oldest account to the newest, and so does the last use of each, give or take a day: an index
 * that grows at one place is cheap, and a million rows at random places are not.
 */
function makeUsers({ serial, count, first, of, now }: UserBatch): User[] {
  return Array.from({ length: count }, (_, index): User => {
    const position = (first + index) / of;
    const age = (1 - position) * OLDEST + Math.random() * DAY;
    const createdAt = Math.floor(now - age);
    const unusedFor = Math.min(age, (1 - position) * LONGEST_UNUSED + Math.random() * DAY);
    const id = idInOrder(position);
    return {
      ...seedPerson(serial + index),
      id,
      shortId: shortIdOf(id),
      kind: 'person',
      status: Math.random() < 0.97 ? 'active' : 'disabled',
      credentialVersion: 1,
      emailVerifiedAt: null,
      language: null,
      mustChangePassword: 0,
      secondFactorAt: null,
      passwordChangeAt: createdAt,
      createdAt,
      updatedAt: createdAt,
      lastSignInAt: Math.random() < 0.8 ? Math.floor(now - unusedFor) : null,
    };
  });
}

function makeSessions(
  users: readonly User[],
  count: number,
  { ttl, idleTtl }: Lifetimes,
  now: Instant,
): Session[] {
  return Array.from({ length: count }, (_, index): Session => {
    const createdAt = Math.floor(now - Math.random() * Math.min(idleTtl, ttl) * 0.9);
    return {
      id: newId(),
      userId: users[index % users.length]?.id ?? '',
      kind: 'device',
      scopes: null,
      refreshDigest: randomToken(32),
      userAgent: USER_AGENTS[index % USER_AGENTS.length] ?? '',
      ip: `203.0.113.${index % 256}`,
      renewedIp: null,
      renewedIpAt: null,
      createdAt,
      authenticatedAt: null,
      proof: 'password',
      lastSeenAt: createdAt,
      idleExpiresAt: Math.min(createdAt + idleTtl, createdAt + ttl),
      expiresAt: createdAt + ttl,
      endedAt: null,
      endReason: null,
    };
  });
}

/**
 * A random UUIDv4 from the part of the range that `position`, 0 to 1, stands for. A run makes its ids in ascending
 * order, so that a clustered index grows at its end instead of being read back for every row.
 */
function idInOrder(position: number): string {
  const head = Math.floor(position * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
  const tail = randomBytes(12).toString('hex');
  const variant = '89ab'[parseInt(tail[7] ?? '0', 16) % 4];
  return `${head}-${tail.slice(0, 4)}-4${tail.slice(4, 7)}-${variant}${tail.slice(8, 11)}-${tail.slice(11, 23)}`;
}
