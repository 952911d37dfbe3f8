import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditSweep } from '../../src/audit/audit.sweep.ts';
import { Administration, refusal, type AuditEventData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';

interface Page {
  readonly items: AuditEventData[];
  readonly next_cursor: string | null;
}

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp({
    env: {
      AUDIT_RETENTION: '400d',
      SESSION_TTL: '3650d',
      SESSION_IDLE_TTL: '3650d',
      ACCESS_TOKEN_TTL: '30d',
    },
  });
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function page(parameters: Record<string, string>): Promise<Page> {
  return admin.done<Page>('GET', `/audit-events?${new URLSearchParams(parameters)}`);
}

describe('an audit event', () => {
  it('says who did what on whom, when, from where, in which session and request', async () => {
    const { id } = await app.createUser();
    await app.call('PATCH', `/users/${id}`, {
      token: admin.admin.token,
      body: { full_name: 'Changed By Me' },
      headers: { 'x-request-id': 'seen-again-1', 'user-agent': 'test/1' },
    });
    const { items } = await page({ target_id: id, action: 'user.updated' });
    expect(items).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        at: new Date(app.clock.now()).toISOString(),
        seq: null,
        actor_id: admin.admin.id,
        actor_name: 'admin',
        session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        action: 'user.updated',
        target_type: 'user',
        target_id: id,
        outcome: 'success',
        ip: '127.0.0.1',
        user_agent: 'test/1',
        request_id: 'seen-again-1',
        detail: { fields: ['full_name'] },
      },
    ]);
  });

  it('names the operator for what was done on the machine, and whoever signed in', async () => {
    const [made] = (await page({ target_id: admin.admin.id, action: 'user.created' })).items;
    expect(made).toMatchObject({ actor_id: null, actor_name: 'operator', session_id: null });
    const [signedIn] = (await page({ target_id: admin.admin.id, action: 'signin.succeeded' })).items;
    expect(signedIn).toMatchObject({ actor_id: admin.admin.id, actor_name: 'admin' });
  });

  it('holds nothing that a person typed', async () => {
    const secret = 'velvet-orchard-lantern-19';
    const { id } = await app.createUser({ full_name: 'Canary Name', email: 'canary@example.com' });
    await admin.done('POST', `/users/${id}/password`, { new_password: secret });
    await app.call('POST', '/signin', { body: { username: 'canary-nobody', password: secret } });
    const rows = JSON.stringify(await app.database.query('SELECT * FROM audit_events'));
    for (const typed of [secret, 'Canary Name', 'canary@example.com', 'canary-nobody', PASSWORD]) {
      expect(rows).not.toContain(typed);
    }
  });

  it('is written once for each change, and not for a call that changes nothing or is refused', async () => {
    const { id } = await app.createUser();
    const before = (await admin.eventsOn(id)).length;
    await admin.done('PATCH', `/users/${id}`, {});
    await admin.done('POST', `/users/${id}/enable`);
    await admin.done('PUT', `/users/${id}/roles`, { roles: [] });
    await admin.call('PATCH', `/users/${id}`, { email: 'no' });
    await admin.call('PUT', `/users/${id}/roles`, { roles: ['no-such-role'] });
    await admin.call('POST', `/users/${id}/password`, { new_password: 'short' });
    expect(await admin.eventsOn(id)).toHaveLength(before);
    await Promise.all(Array.from({ length: 5 }, () => admin.done('POST', `/users/${id}/disable`)));
    expect(await admin.eventsOn(id)).toHaveLength(before + 1);
  });
});

describe('GET /audit-events', () => {
  it('goes through all events once, newest first, while new ones are recorded', async () => {
    for (let made = 0; made < 7; made += 1) {
      app.clock.advance(made % 2 === 0 ? 1_000 : 0);
      await admin.role([]);
    }
    const all = (await page({ action: 'role.created', limit: '100' })).items;
    const seen: AuditEventData[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const next: Page = await page({
        action: 'role.created',
        limit: '2',
        ...(cursor === '' ? {} : { cursor }),
      });
      seen.push(...next.items);
      cursor = next.next_cursor;
      app.clock.advance(1_000);
      await admin.role([]);
    }
    expect(seen).toEqual(all);
    expect([...seen].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? 1 : -1))).toEqual(
      seen,
    );
  });

  it('filters by actor, target, action, outcome and time, both ends included', async () => {
    app.clock.advance(10_000);
    const at = new Date(app.clock.now()).toISOString();
    const person = await admin.person();
    await app.call('POST', '/signin', { body: { username: person.username, password: 'wrong-wrong-wrong' } });
    app.clock.advance(10_000);
    await admin.role([]);

    const window = await page({ from: at, to: at });
    expect(window.items.map(({ action }) => action).sort()).toEqual([
      'signin.failed',
      'signin.succeeded',
      'user.created',
    ]);
    expect((await page({ from: at, to: at, outcome: 'failure' })).items.map(({ action }) => action)).toEqual([
      'signin.failed',
    ]);
    const done = await page({ actor_id: admin.admin.id, from: at, to: at });
    expect(done.items.map(({ action, target_id }) => [action, target_id])).toEqual([
      ['user.created', person.id],
    ]);
    expect((await page({ actor_id: person.id, action: 'role.created' })).items).toEqual([]);
    // The same instant with another offset.
    const shifted = new Date(Date.parse(at) + 8 * 3_600_000).toISOString().replace('Z', '+08:00');
    expect((await page({ from: shifted, to: shifted })).items).toEqual(window.items);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'actor_id=x',
    'target_id=',
    'action=user.eaten',
    'outcome=maybe',
    'from=2026-11-22',
    'to=now',
    'cursor=',
    'cursor=x',
    'cursor=MSAx',
    'page=1',
    'limit=1&limit=2',
  ])('refuses ?%s', async (query) => {
    expect(refusal(await admin.call('GET', `/audit-events?${query}`))).toEqual([400, 10001]);
  });

  it('refuses a cursor that was changed by one character', async () => {
    const { next_cursor: cursor } = await page({ limit: '1' });
    if (cursor === null) throw new Error('no second page');
    for (const other of [`${cursor}A`, `${cursor}=`, cursor.slice(1), ` ${cursor}`]) {
      expect(
        refusal(await admin.call('GET', `/audit-events?${new URLSearchParams({ cursor: other })}`)),
      ).toEqual([400, 10001]);
    }
  });
});

describe('the sweep of the audit record', () => {
  it('removes what is older than AUDIT_RETENTION and nothing else', async () => {
    const [old] = (await page({ limit: '1' })).items;
    const sweep = app.nest.get(AuditSweep);
    expect(await sweep.sweep()).toBe(0);
    app.clock.advance(399 * 24 * 3_600_000);
    expect(await sweep.sweep()).toBe(0);
    app.clock.advance(2 * 24 * 3_600_000);
    admin = await Administration.of(app);
    await admin.role([]);
    // The sweep of the running service may have been faster.
    await sweep.sweep();
    const left = (await page({ limit: '100' })).items;
    expect(left.map(({ id }) => id)).not.toContain(old?.id);
    expect(left.map(({ action }) => action)).toContain('role.created');
  });

  it('goes on until nothing is left, however much has piled up', async () => {
    const rows = Array.from(
      { length: 700 },
      () => "(?, 1, 'signin.failed', 'user', 'failure', '', '', '', '{}')",
    );
    const columns = 'id, at, action, target_type, outcome, ip, user_agent, request_id, detail';
    for (let batch = 0; batch < 15; batch += 1) {
      await app.database.execute(
        `INSERT INTO audit_events (${columns}) VALUES ${rows.join(', ')}`,
        rows.map(() => randomUUID()),
      );
    }
    await app.nest.get(AuditSweep).sweep();
    expect(await app.database.query('SELECT id FROM audit_events WHERE at = 1')).toEqual([]);
  });
});
