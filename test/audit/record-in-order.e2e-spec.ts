import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditSequencer } from '../../src/audit/audit.sequencer.ts';
import { AuditService } from '../../src/audit/audit.service.ts';
import { AuditSweep } from '../../src/audit/audit.sweep.ts';
import { Administration, refusal, type AuditEventData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';

interface Feed {
  readonly items: AuditEventData[];
  readonly next: number;
}

interface Page {
  readonly items: AuditEventData[];
  readonly next_cursor: string | null;
}

let app: TestApp;
let replica: TestApp;
let admin: Administration;
let sequencer: AuditSequencer;

beforeAll(async () => {
  app = await startApp({ env: { AUDIT_RETENTION: '400d', ACCESS_TOKEN_TTL: '30d' } });
  replica = await startApp({ testDatabase: app.testDatabase, clock: app.clock });
  admin = await Administration.of(app);
  sequencer = app.nest.get(AuditSequencer);
});
afterAll(async () => {
  await replica.close();
  await app.close();
});

async function feed(parameters: Record<string, string>): Promise<Feed> {
  return admin.done<Feed>('GET', `/audit-events?${new URLSearchParams(parameters)}`);
}

async function page(parameters: Record<string, string>): Promise<Page> {
  return admin.done<Page>('GET', `/audit-events?${new URLSearchParams(parameters)}`);
}

/** Everything after a number, read in pages. */
async function readOn(after: number, parameters: Record<string, string> = {}): Promise<Feed> {
  const items: AuditEventData[] = [];
  for (let next = after; ;) {
    const read = await feed({ ...parameters, after: String(next) });
    items.push(...read.items);
    if (read.next === next) return { items, next };
    next = read.next;
  }
}

async function headSeq(): Promise<number> {
  const [head] = await app.database.query<Array<{ seq: number }>>('SELECT seq FROM audit_head');
  return Number(head?.seq);
}

describe('the order of the record', () => {
  it('is given after the commit, by the time of the events', async () => {
    await sequencer.number();
    const before = await headSeq();
    for (let made = 0; made < 5; made += 1) {
      app.clock.advance(10);
      await admin.role([]);
    }
    expect((await page({ action: 'role.created', limit: '5' })).items.map(({ seq }) => seq)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(await feed({ after: String(before) })).toEqual({ items: [], next: before });
    expect(await sequencer.number()).toBe(5);
    const { items, next } = await feed({ after: String(before) });
    expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5].map((n) => before + n));
    expect(items.map(({ at }) => at)).toEqual(items.map(({ at }) => at).sort());
    expect(next).toBe(before + 5);
    expect(await sequencer.number()).toBe(0);
  });

  it(
    'has each event once, whatever commits late, while two replicas number and one reader follows',
    { timeout: 60_000 },
    async () => {
      const WRITERS = 20;
      const EACH = 15;
      const start = await headSeq();
      const targets: string[] = [];
      let writing = true;
      const writers = Array.from({ length: WRITERS }, async (_, writer) => {
        const { nest, database } = writer % 2 === 0 ? app : replica;
        const audit = nest.get(AuditService);
        for (let turn = 0; turn < EACH; turn += 1) {
          const targetId = crypto.randomUUID();
          await database.transaction(async () => {
            await audit.record({ action: 'user.updated', targetType: 'user', targetId });
            if (Math.random() < 0.3) await sleep(Math.random() * 20);
          });
          targets.push(targetId);
        }
      });
      const sequencers = [sequencer, replica.nest.get(AuditSequencer)].map(async (one) => {
        while (writing) {
          await one.number();
          await sleep(1);
        }
      });
      const seen: AuditEventData[] = [];
      const reader = (async () => {
        for (let next = start; writing || next < start + targets.length;) {
          const read = await feed({ after: String(next), limit: '100' });
          seen.push(...read.items);
          next = read.next;
        }
      })();
      await Promise.all(writers);
      // A round that meets one of the other replica leaves the rest to the next.
      while ((await headSeq()) < start + targets.length) await sleep(1);
      writing = false;
      await Promise.all([...sequencers, reader]);

      expect(targets).toHaveLength(WRITERS * EACH);
      expect(seen.map(({ seq }) => seq)).toEqual(targets.map((_, index) => start + index + 1));
      expect(new Set(seen.map(({ target_id }) => target_id))).toEqual(new Set(targets));
    },
  );

  it('is counted by hour, action and outcome', async () => {
    app.clock.advance(3_600_000);
    await admin.role([]);
    await app.call('POST', '/signin', { body: { username: 'nobody-here', password: 'wrong-wrong-wrong' } });
    await sequencer.number();
    const counts = await app.database.query(
      'SELECT hour, action, outcome, n FROM audit_counts ORDER BY hour, action, outcome',
    );
    const rows = await app.database.query(
      `SELECT at - at % 3600000 AS hour, action, outcome, COUNT(*) AS n FROM audit_events
       GROUP BY at - at % 3600000, action, outcome ORDER BY hour, action, outcome`,
    );
    expect(counts).toEqual(rows);
  });
});

describe('GET /audit-events?after', () => {
  it('takes the filters, and tells where to go on although nothing matched', async () => {
    const before = await headSeq();
    await admin.role([]);
    app.clock.advance(1);
    await admin.role([]);
    app.clock.advance(1);
    await app.call('POST', '/signin', { body: { username: 'nobody-here', password: 'wrong-wrong-wrong' } });
    await sequencer.number();
    const created = await readOn(before, { action: 'role.created,user.created' });
    expect(created.items.map(({ action }) => action)).toEqual(['role.created', 'role.created']);
    expect(created.next).toBe(before + 3);
    const one = await feed({ after: String(before), action: 'role.created', limit: '1' });
    expect([one.items.length, one.next]).toEqual([1, before + 1]);
    const none = await feed({ after: String(before), target_id: crypto.randomUUID() });
    expect(none).toEqual({ items: [], next: before + 3 });
    const impossible = await feed({ after: String(before), action: 'role.created', outcome: 'failure' });
    expect(impossible).toEqual({ items: [], next: before + 3 });
  });

  it.each(['cursor=AAAA', 'from=2026-11-22T08:00:00Z', 'to=2026-11-22T08:00:00Z'])(
    'refuses %s beside it',
    async (other) => {
      expect(refusal(await admin.call('GET', `/audit-events?after=0&${other}`))).toEqual([400, 10001]);
    },
  );

  it.each(['-1', 'x', '', '1.5', '9007199254740992', '01'])('refuses %j', async (after) => {
    expect(refusal(await admin.call('GET', `/audit-events?after=${after}`))).toEqual([400, 10001]);
  });

  it('says that events are lost after the retention, and of a number that the record never reached', async () => {
    const lost = [410, 15_001];
    const head = await headSeq();
    expect(refusal(await admin.call('GET', `/audit-events?after=${head + 1}`))).toEqual(lost);
    app.clock.advance(401 * 24 * 3_600_000);
    admin = await Administration.of(app);
    app.clock.advance(1);
    await admin.role([]);
    await sequencer.number();
    await app.nest.get(AuditSweep).sweep();
    expect(refusal(await admin.call('GET', '/audit-events?after=0'))).toEqual(lost);
    expect(refusal(await admin.call('GET', `/audit-events?after=${head - 1}`))).toEqual(lost);
    const { items } = await feed({ after: String(head) });
    expect(items.at(-1)).toMatchObject({ action: 'role.created', seq: await headSeq() });
    const hours = await app.database.query<Array<{ hour: number }>>('SELECT hour FROM audit_counts');
    for (const { hour } of hours)
      expect(Number(hour)).toBeGreaterThan(app.clock.now() - 400 * 86_400_000 - 3_600_001);
  });

  it('says that an event in the midst is lost, which went before older ones', async () => {
    await sequencer.number();
    const before = await headSeq();
    for (let made = 0; made < 3; made += 1) await admin.role([]);
    await sequencer.number();
    await app.database.execute('DELETE FROM audit_events WHERE seq = ?', [before + 2]);
    expect(refusal(await admin.call('GET', `/audit-events?after=${before}`))).toEqual([410, 15_001]);
    expect((await feed({ after: String(before + 2) })).items).toHaveLength(1);
  });
});

describe('GET /audit-events by what people look for', () => {
  it('finds what came from an address, in whichever form it is written', async () => {
    const { id } = await app.createUser();
    await app.call('PATCH', `/users/${id}`, {
      token: admin.admin.token,
      body: { full_name: 'From Elsewhere' },
      from: '127.0.0.9',
    });
    for (const ip of ['127.0.0.9', '::ffff:127.0.0.9']) {
      expect((await page({ ip })).items.map(({ target_id }) => target_id)).toEqual([id]);
    }
  });

  it('finds what a session and a request did, within seven days', async () => {
    const to = new Date(app.clock.now()).toISOString();
    const from = new Date(app.clock.now() - 7 * 86_400_000).toISOString();
    const early = new Date(app.clock.now() - 7 * 86_400_000 - 1).toISOString();
    const { id } = await app.createUser();
    await app.call('PATCH', `/users/${id}`, {
      token: admin.admin.token,
      body: { full_name: 'By Request' },
      headers: { 'x-request-id': 'find-me' },
    });
    const found = await page({ request_id: 'find-me', from });
    expect(found.items.map(({ target_id }) => target_id)).toEqual([id]);
    const sessionId = found.items[0]?.session_id ?? '';
    const session = await page({ session_id: sessionId, from, to });
    expect(session.items.map(({ target_id }) => target_id)).toContain(id);
    for (const query of ['request_id=find-me', `session_id=${sessionId}&from=${early}&to=${to}`]) {
      const answer = await admin.call('GET', `/audit-events?${query}`);
      expect(refusal(answer)).toEqual([400, 10001]);
      expect(answer.body.data).toEqual({
        errors: [{ field: 'from', rule: 'narrow_time', message: 'needs a from at most 7 days before to' }],
      });
    }
  });

  it('goes through several actions at once, newest first', async () => {
    for (let made = 0; made < 3; made += 1) {
      app.clock.advance(1_000);
      await admin.role([]);
      await app.createUser();
    }
    const filters = { action: 'role.created,user.created' };
    const seen: AuditEventData[] = [];
    for (let cursor: string | null | undefined = undefined; cursor !== null;) {
      const next: Page = await page({ ...filters, limit: '2', ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...next.items);
      cursor = next.next_cursor;
    }
    const all = (await page({ ...filters, limit: '100' })).items;
    expect(seen).toEqual(all);
    expect(new Set(all.map(({ action }) => action))).toEqual(new Set(['role.created', 'user.created']));
    const rows = await app.database.query<Array<{ id: string }>>(
      `SELECT id FROM audit_events WHERE action IN ('role.created', 'user.created') ORDER BY at DESC, id DESC LIMIT 100`,
    );
    expect(all.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    const byMe = await page({ ...filters, actor_id: admin.admin.id, limit: '100' });
    expect(byMe.items).toEqual(all.filter(({ actor_id }) => actor_id === admin.admin.id));
  });

  it.each([
    'ip=nowhere',
    'ip=',
    'session_id=x',
    'request_id=',
    'action=user.created,',
    'action=user.created,user.eaten',
    `action=${[
      'signin.succeeded,signin.failed,signin.limited,session.ended,token.renewed_elsewhere,password.changed',
      'password.reset,user.created,user.updated,user.disabled,user.enabled',
    ].join(',')}`,
  ])('refuses ?%s', async (query) => {
    expect(refusal(await admin.call('GET', `/audit-events?${query}`))).toEqual([400, 10001]);
  });
});
