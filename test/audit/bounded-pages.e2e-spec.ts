import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AuditService, type AuditPage } from '../../src/audit/audit.service.ts';
import { Administration, type AuditEventData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

interface Page {
  readonly items: AuditEventData[];
  readonly next_cursor: string | null;
}

/** More than a page examines, several times. */
const EVENTS = 7_000;
const BATCH = 500;

const ACTOR = randomUUID();
const TARGET = randomUUID();

let app: TestApp;
let admin: Administration;
/** Ids of what the actor deleted, newest first. */
let deletions: string[] = [];

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
  await addEvents();
});
afterAll(() => app.close());

/**
 * What the actor did, mostly changes, and beside each event a failed sign-in, which is nobody's. Events share their
 * instant in groups, so that a page also ends between two of one instant.
 */
async function addEvents(): Promise<void> {
  const begin = app.clock.now() - 3_600_000;
  const rows = Array.from({ length: EVENTS }, (_, index) => {
    const action = index % 800 === 3 ? 'user.deleted' : 'user.updated';
    return { id: randomUUID(), at: begin + Math.floor(index / 7), action };
  });
  for (let done = 0; done < EVENTS; done += BATCH) {
    const values = rows
      .slice(done, done + BATCH)
      .flatMap(({ id, at, action }) => [
        [id, at, ACTOR, action, TARGET, 'success'],
        [randomUUID(), at, null, 'signin.failed', null, 'failure'],
      ])
      .flat();
    const row = "(?, ?, ?, ?, 'user', ?, ?, '203.0.113.7', '', 'made', '{}')";
    await app.database.execute(
      `INSERT INTO audit_events
         (id, at, actor_id, action, target_type, target_id, outcome, ip, user_agent, request_id, detail)
       VALUES ${Array.from({ length: 2 * BATCH }, () => row).join(', ')}`,
      values,
    );
  }
  deletions = rows
    .filter(({ action }) => action === 'user.deleted')
    .sort((a, b) => b.at - a.at)
    .map(({ id }) => id);
}

async function pages(filters: Readonly<Record<string, string>>): Promise<Page[]> {
  const all: Page[] = [];
  for (let cursor: string | null = ''; cursor !== null; cursor = all.at(-1)?.next_cursor ?? null) {
    const parameters = new URLSearchParams({ ...filters, ...(cursor === '' ? {} : { cursor }) });
    all.push(await admin.done<Page>('GET', `/audit-events?${parameters}`));
  }
  return all;
}

/** How many rows and entries of indexes the work has read. */
async function readBy(work: () => Promise<unknown>): Promise<number> {
  const reads = async () => {
    const rows = await app.database.query<Array<{ Value: string }>>(
      "SHOW SESSION STATUS LIKE 'Handler_read%'",
    );
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  };
  return app.database.transaction(async () => {
    const before = await reads();
    await work();
    return (await reads()) - before;
  });
}

describe('a page of audit events with several filters', () => {
  it.each<Readonly<Record<string, string>>>([
    { actor_id: ACTOR, action: 'user.deleted' },
    { target_id: TARGET, action: 'user.deleted', outcome: 'success' },
    { target_id: TARGET, actor_id: ACTOR, action: 'user.deleted', limit: '2' },
  ])('leads through all matches, each once, to the end: %j', async (filters) => {
    const all = await pages(filters);
    expect(all.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(deletions);
    expect(all.length, 'some pages end before they are full').toBeGreaterThan(EVENTS / 2_500);
  });

  it.each<Readonly<Record<string, string>>>([
    { actor_id: ACTOR, action: 'signin.failed' },
    { target_id: TARGET, outcome: 'failure' },
    { actor_id: ACTOR, outcome: 'failure', action: 'password.changed' },
  ])('ends when it has looked at some thousand events, though nothing passes: %j', async (filters) => {
    const all = await pages(filters);
    expect(all.flatMap(({ items }) => items)).toEqual([]);
    expect(all.length).toBe(Math.floor(EVENTS / 2_000) + 1);
  });

  it('shows no more than was asked for, and goes on behind it', async () => {
    const [first, second] = await pages({ actor_id: ACTOR, action: 'user.deleted', limit: '1' });
    expect(first?.items.map(({ id }) => id)).toEqual(deletions.slice(0, 1));
    expect(second?.items.map(({ id }) => id)).toEqual(deletions.slice(1, 2));
  });

  it.each([
    { action: 'signin.failed', outcome: 'success' },
    { action: 'user.updated', outcome: 'failure' },
  ])('is empty and the last where the action has never this outcome: %j', async (filters) => {
    expect(await pages(filters)).toEqual([{ items: [], next_cursor: null }]);
  });

  it.each([
    [{ action: 'password.changed', outcome: 'failure' }],
    [{ action: 'signin.failed', outcome: 'failure' }],
    [{ action: 'user.updated', outcome: 'success' }],
  ])('tells what has this outcome: %j', async (filters) => {
    const person = await admin.person();
    await app.call('POST', '/me/password', {
      token: person.token,
      body: { current_password: 'not-mine-not-mine', new_password: 'harbour-candle-violin-83' },
    });
    const [page] = await pages({ ...filters, limit: '100' });
    expect(page?.items.length).toBeGreaterThan(0);
    for (const event of page?.items ?? []) expect(event).toMatchObject(filters);
  });

  it.runIf(inject('lane') === 'mysql')('reads little more than it examines', async () => {
    const audit = app.nest.get(AuditService);
    const nothing = { actor_id: ACTOR, action: ['signin.failed'], limit: 50 } as const;
    // Each twice: once in the index to find the last one, once to look at it.
    for (let cursor: AuditPage['next']; ;) {
      let next: AuditPage['next'];
      const read = await readBy(async () => ({ next } = await audit.list({ ...nothing, cursor })));
      expect(read).toBeLessThan(2 * 2_000 + 100);
      if (next === undefined) break;
      cursor = next;
    }
  });
});

describe('a page of audit events with one filter or none', () => {
  it.runIf(inject('lane') === 'mysql')('reads what it shows, however old that is', async () => {
    const audit = app.nest.get(AuditService);
    for (const filter of [
      { actor_id: ACTOR },
      { action: ['signin.failed'] },
      { outcome: 'failure' },
    ] as const) {
      for (const share of [0.9, 0.5, 0.1]) {
        const at = app.clock.now() - 3_600_000 + Math.floor((share * EVENTS) / 7);
        const cursor = { at, id: randomUUID() };
        expect(await readBy(() => audit.list({ ...filter, cursor, limit: 20 }))).toBeLessThan(100);
      }
    }
  });
});
