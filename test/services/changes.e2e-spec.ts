import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeysExpiry } from '../../src/api-keys/keys.expiry.ts';
import { AuditSequencer } from '../../src/audit/audit.sequencer.ts';
import { Administration, refusal } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { createApplication, declare } from '../support/applications.ts';
import { refusals } from '../support/envelope.ts';
import { createKey, createServiceAccount, type NewKeyData } from '../support/keys.ts';

interface Change {
  readonly seq: number;
  readonly at: string;
  readonly ended?: readonly string[];
  readonly permissions?: string;
}

interface Changes {
  readonly items: readonly Change[];
  readonly next: number;
  readonly ttl: number;
}

let app: TestApp;
let admin: Administration;
let verifier: NewKeyData;
let numbering: NodeJS.Timeout;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
  const service = await createServiceAccount(admin, ['tokens:introspect']);
  verifier = await createKey(admin, service.id, ['tokens:introspect']);
  // As every replica does, once a second.
  numbering = setInterval(() => void number(), 300);
});
afterAll(async () => {
  clearInterval(numbering);
  await app.close();
});

async function number(): Promise<void> {
  await app.nest.get(AuditSequencer, { strict: false }).number();
}

function changes(query: string) {
  return app.call<Changes>('GET', `/tokens/changes${query}`, { token: verifier.secret });
}

async function position(): Promise<number> {
  await number();
  let { next, items } = (await changes('')).body.data;
  while (items.length > 0) ({ next, items } = (await changes(`?after=${next}`)).body.data);
  return next;
}

/** What is told of an act, from before it on, without what a sign-in replaces. */
async function toldOf(act: () => Promise<unknown>): Promise<Array<Omit<Change, 'seq' | 'at'>>> {
  const after = await position();
  await act();
  await number();
  const { items } = (await changes(`?after=${after}`)).body.data;
  return items.map(({ seq: _seq, at: _at, ...told }) => told);
}

describe('GET /tokens/changes', () => {
  it('tells every end of a session, by its id', async () => {
    const person = await admin.person();
    const sessionOf = async () => (await app.signIn(person.username, PASSWORD)).session_id;
    expect(await toldOf(() => app.call('POST', '/signout', { token: person.token }))).toEqual([
      { ended: [person.sessionId] },
    ]);
    const [one, other] = [await sessionOf(), await sessionOf()];
    expect(await toldOf(() => admin.done('DELETE', `/users/${person.id}/sessions/${one}`))).toEqual([
      { ended: [one] },
    ]);
    expect(await toldOf(() => admin.done('DELETE', `/users/${person.id}/sessions`))).toEqual([
      { ended: [other] },
    ]);
    const before = [await sessionOf(), await sessionOf()].sort();
    const body = { new_password: PASSWORD };
    const reset = await toldOf(() => admin.done('POST', `/users/${person.id}/password`, body));
    expect(reset.map(({ ended }) => ended?.toSorted())).toEqual([before]);
    const last = await sessionOf();
    expect(await toldOf(() => admin.done('POST', `/users/${person.id}/disable`))).toEqual([
      { ended: [last] },
    ]);
    await admin.done('POST', `/users/${person.id}/enable`);
    const again = await sessionOf();
    expect(await toldOf(() => admin.done('DELETE', `/users/${person.id}`))).toEqual([{ ended: [again] }]);
  });

  it('tells the end of a key', async () => {
    const service = await createServiceAccount(admin, ['users:read']);
    const make = () => createKey(admin, service.id, ['users:read']);
    const [revoked, replaced, kept] = [await make(), await make(), await make()];
    expect(await toldOf(() => admin.done('DELETE', `/keys/${revoked.id}`))).toEqual([
      { ended: [revoked.id] },
    ]);
    const rotate = (id: string, overlap_hours: number) => () =>
      admin.done('POST', `/keys/${id}/rotate`, { overlap_hours });
    expect(await toldOf(rotate(replaced.id, 0))).toEqual([{ ended: [replaced.id] }]);
    expect(await toldOf(rotate(kept.id, 1))).toEqual([]);
    app.clock.advance(3_600_000);
    admin = await Administration.of(app);
    const expiry = app.nest.get(KeysExpiry, { strict: false });
    expect(await toldOf(() => Promise.all([expiry.endReplaced(), expiry.endReplaced()]))).toEqual([
      { ended: [kept.id] },
    ]);
  });

  it('tells whose permissions changed, and nothing that matters to nobody', async () => {
    const { id, key } = await createApplication(admin, ['orders:read']);
    const role = await admin.role(['users:read']);
    const person = await app.createUser();
    const give = () => admin.done('PUT', `/users/${person.id}/roles`, { roles: [role.key] });
    expect(await toldOf(give)).toEqual([{ permissions: person.id }]);
    const change = () => admin.done('PATCH', `/roles/${role.id}`, { permissions: [`${key}/orders:read`] });
    expect(await toldOf(change)).toEqual([{ permissions: '*' }]);
    expect(await toldOf(() => declare(admin, id, ['orders:read', 'orders:write']))).toEqual([
      { permissions: '*' },
    ]);
    expect(await toldOf(() => app.createUser())).toEqual([]);
    expect(await toldOf(() => app.signIn(person.username, PASSWORD))).toEqual([]);
  });

  it('begins with all that can matter to a token that is in use', async () => {
    const person = await admin.person();
    await app.call('POST', '/signout', { token: person.token });
    await number();
    const { items, next, ttl } = (await changes('')).body.data;
    expect(ttl).toBe(900);
    expect(items.flatMap(({ ended = [] }) => ended)).toContain(person.sessionId);
    expect(next).toBeGreaterThanOrEqual(items.at(-1)?.seq ?? 0);
    const fresh = await startApp();
    try {
      const other = await Administration.of(fresh);
      await fresh.nest.get(AuditSequencer, { strict: false }).number();
      fresh.clock.advance(30 * 60_000);
      const token = (await fresh.signIn()).access_token;
      expect(other.app).toBe(fresh);
      const empty = await fresh.call<Changes>('GET', '/tokens/changes?wait=20', { token });
      expect(empty.body.data.items).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  it('answers who waits as soon as there is something, and else when the time is over', async () => {
    const person = await admin.person();
    const after = await position();
    const begun = performance.now();
    const empty = await changes(`?after=${after}&wait=1`);
    expect(empty.body.data).toMatchObject({ items: [] });
    expect(performance.now() - begun).toBeGreaterThan(900);
    const waiting = Array.from({ length: 20 }, () => changes(`?after=${after}&wait=20`));
    await sleep(700);
    const ended = performance.now();
    await app.call('POST', '/signout', { token: person.token });
    for (const { body } of await Promise.all(waiting))
      expect(body.data.items).toMatchObject([{ ended: [person.sessionId] }]);
    expect(performance.now() - ended).toBeLessThan(2_000);
  });

  it('loses none between two calls: 100 ends', { timeout: 60_000 }, async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => admin.person()));
    const sessions = people.map(({ sessionId }) => sessionId);
    for (const { username } of people)
      for (let n = 0; n < 9; n += 1) sessions.push((await app.signIn(username, PASSWORD)).session_id);
    let after = await position();
    const told: string[] = [];
    const reading = (async () => {
      while (told.length < sessions.length) {
        const { items, next } = (await changes(`?after=${after}&wait=5`)).body.data;
        told.push(...items.flatMap(({ ended = [] }) => ended));
        after = next;
      }
    })();
    for (const { id } of people)
      for (const session of (
        await admin.done<{ items: Array<{ id: string }> }>('GET', `/users/${id}/sessions?page_size=100`)
      ).items)
        await admin.done('DELETE', `/users/${id}/sessions/${session.id}`);
    await reading;
    expect(told.sort()).toEqual(sessions.sort());
  });

  it('tells that something is lost, and what it does not take', async () => {
    const { next } = (await changes('')).body.data;
    expect(refusal(await changes(`?after=${next + 1_000_000}`))).toEqual([410, 15001]);
    expect(refusals(await changes('?wait=26'))).toEqual(['wait: integer']);
    expect(refusals(await changes('?wait=-1'))).toEqual(['wait: integer']);
    expect(refusals(await changes('?after=x'))).toEqual(['after: integer']);
    const person = await admin.person();
    expect(refusal(await app.call('GET', '/tokens/changes', { token: person.token }))).toEqual([403, 11004]);
  });

  it('lets everybody go at once when the service ends', async () => {
    const other = await startApp();
    const token = (await other.signIn()).access_token;
    await other.nest.get(AuditSequencer, { strict: false }).number();
    const first = await other.call<Changes>('GET', '/tokens/changes', { token });
    const waiting = other.call<Changes>('GET', `/tokens/changes?after=${first.body.data.next}&wait=25`, {
      token,
    });
    await sleep(500);
    const begun = performance.now();
    await other.nest.close();
    expect((await waiting).body.data.items).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(3_000);
    await other.close();
  });
});
