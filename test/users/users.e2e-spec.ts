import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { Administration, refusal, type UserData } from '../support/administration.ts';
import { PASSWORD, startApp, type TestApp } from '../support/app.ts';
import { refusals } from '../support/envelope.ts';

const NOBODY = '6f0f1c2d-8a7b-4c3e-9d5f-2b1a0c9e8d7f';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

describe('POST /users', () => {
  it('creates an active user with canonical identifiers and roles', async () => {
    const answer = await admin.call<UserData>('POST', '/users', {
      username: ' Mei.Lin ',
      full_name: ' Mei Lin ',
      password: PASSWORD,
      email: 'Mei.Lin@Example.COM',
      phone: '138 0013 8000',
      roles: ['administrator', 'administrator'],
    });
    expect(answer.status).toBe(201);
    expect(answer.body.data).toMatchObject({
      username: 'mei.lin',
      full_name: 'Mei Lin',
      email: 'mei.lin@example.com',
      phone: '+8613800138000',
      status: 'active',
      roles: ['administrator'],
      last_sign_in_at: null,
    });
    await admin.done('DELETE', `/users/${answer.body.data.id}`);
  });

  it('leaves out what is not given', async () => {
    const data = await admin.done<UserData>('POST', '/users', {
      username: 'bare',
      full_name: 'Bare',
      password: PASSWORD,
      email: '',
    });
    expect(data).toMatchObject({ email: '', phone: '', roles: [] });
  });

  it('needs roles:assign too where roles are given, before it looks at anything', async () => {
    const helper = await admin.personWith(['users:create']);
    const body = { username: 'x', full_name: '', password: '', roles: ['nothing-like-it'] };
    expect(
      refusal(await app.call('POST', '/users', { token: helper.token, body: { ...body, full_name: 'X' } })),
    ).toEqual([403, 11004]);
    const fine = { username: 'no-roles', full_name: 'No Roles', password: PASSWORD, roles: [] };
    expect((await app.call('POST', '/users', { token: helper.token, body: fine })).status).toBe(201);
  });

  it('refuses a role that does not exist and one that exceeds what the caller holds, and creates nobody', async () => {
    const helper = await admin.personWith(['users:create', 'roles:assign']);
    const body = { username: 'climber', full_name: 'Climber', password: PASSWORD };
    const create = (roles: unknown) =>
      app.call('POST', '/users', { token: helper.token, body: { ...body, roles } });
    expect(refusal(await create(['no-such-role']))).toEqual([400, 10001]);
    expect(refusal(await create(['Not A Key']))).toEqual([400, 10001]);
    expect(refusal(await create('administrator'))).toEqual([400, 10001]);
    expect(refusal(await create([['administrator']]))).toEqual([400, 10001]);
    expect(refusal(await create(['administrator']))).toEqual([403, 13005]);
    expect((await create([])).status).toBe(201);
  });

  it('says of a role that is none what is wrong with it, and of a name how long it may be', async () => {
    const create = (roles: unknown, full_name = 'X') =>
      admin.call('POST', '/users', { username: 'lists', full_name, password: PASSWORD, roles });
    expect(refusals(await create('administrator'))).toEqual(['roles: list']);
    expect(refusals(await create(['administrator', null]))).toEqual(['roles: strings']);
    expect(refusals(await create(['administrator', 'Not A Key']))).toEqual(['roles: role']);
    expect(refusals(await create(['no-such-role']))).toEqual(['roles: role']);
    const unnamed = await create([], '');
    expect(refusals(unnamed)).toEqual(['full_name: length']);
    expect(unnamed.text).toContain('must have 1 to 128 characters');
  });

  it('looks at the roles before the password, and at both before it tells what is taken', async () => {
    const helper = await admin.personWith(['users:create', 'roles:assign']);
    const { username } = await app.createUser();
    const create = (role: string, password: string) => {
      const body = { username, full_name: 'Late', password, roles: [role] };
      return app.call('POST', '/users', { token: helper.token, body });
    };
    const own = await admin.role(['users:create']);
    expect(refusal(await create('no-such-role', 'short'))).toEqual([400, 10001]);
    expect(refusal(await create('administrator', 'short'))).toEqual([403, 13005]);
    expect(refusal(await create('administrator', PASSWORD))).toEqual([403, 13005]);
    expect(refusal(await create(own.key, 'short'))).toEqual([400, 12005]);
    expect(refusal(await create(own.key, PASSWORD))).toEqual([409, 12002]);
  });
});

describe('GET /users/{id}', () => {
  it.each([NOBODY, 'x', '../me', `${NOBODY}%20`, NOBODY.toUpperCase(), '%00', "1'--"])(
    'finds nobody for %s',
    async (id) => {
      expect(
        refusal(await admin.call('GET', `/users/${encodeURIComponent(decodeURIComponent(id))}`)),
      ).toEqual([404, 12001]);
    },
  );

  it('does not ignore blanks after an id', async () => {
    const { id } = await app.createUser();
    expect(refusal(await admin.call('GET', `/users/${id}%20`))).toEqual([404, 12001]);
    expect(refusal(await admin.call('GET', `/users/${id.toUpperCase()}`))).toEqual([404, 12001]);
  });
});

describe('PATCH /users/{id}', () => {
  it('changes what is given, clears by an empty string, and says so in updated_at and the audit record', async () => {
    const { id } = await app.createUser({ email: 'patch@example.com', phone: '+8613900139000' });
    app.clock.advance(1_000);
    const data = await admin.done<UserData>('PATCH', `/users/${id}`, {
      full_name: '张三',
      email: 'New@example.com',
      phone: '',
    });
    expect(data).toMatchObject({ full_name: '张三', email: 'new@example.com', phone: '' });
    expect(data.updated_at).toBe(new Date(app.clock.now()).toISOString());
    const [event] = await admin.eventsOn(id);
    expect(event).toMatchObject({
      action: 'user.updated',
      detail: { fields: ['full_name', 'email', 'phone'] },
    });
    expect(JSON.stringify(event)).not.toContain('new@example.com');
  });

  it('changes nothing where nothing is given or new', async () => {
    const { id } = await app.createUser({ full_name: 'Same', email: 'same@example.com' });
    const before = await admin.user(id);
    app.clock.advance(1_000);
    for (const body of [{}, { full_name: ' Same ' }, { email: 'SAME@example.com', phone: '' }]) {
      expect(await admin.done('PATCH', `/users/${id}`, body)).toEqual(before);
    }
    expect((await admin.eventsOn(id)).map(({ action }) => action)).toEqual(['user.created']);
  });

  it("refuses another person's identifier and changes nothing else either", async () => {
    await app.createUser({ email: 'taken@example.com', phone: '+8613700137000' });
    const { id } = await app.createUser({ full_name: 'Before' });
    const patch = (body: unknown) => admin.call('PATCH', `/users/${id}`, body);
    expect(refusal(await patch({ full_name: 'After', email: 'Taken@Example.com' }))).toEqual([409, 12003]);
    expect(refusal(await patch({ full_name: 'After', phone: '137-0013-7000' }))).toEqual([409, 12004]);
    expect(await admin.user(id)).toMatchObject({ full_name: 'Before', email: '', phone: '' });
  });

  it.each([
    { username: 'other' },
    { status: 'disabled' },
    { roles: [] },
    { full_name: '' },
    { full_name: null },
    { full_name: 'a\u0000b' },
    { email: 'not-an-address' },
    { email: 'someone' },
    { phone: '12' },
    { phone: 13_800_138_000 },
  ])('refuses %j', async (body) => {
    const { id } = await app.createUser();
    expect(refusal(await admin.call('PATCH', `/users/${id}`, body))).toEqual([400, 10001]);
  });

  it('changes nobody’s own e-mail address or phone number, but the name', async () => {
    const helper = await admin.personWith(['users:update'], { email: 'helper@example.com' });
    const other = await admin.person({ roles: ['administrator'], email: 'other@example.com' });
    for (const { token, id } of [helper, other]) {
      const patch = (body: unknown) => app.call<UserData>('PATCH', `/users/${id}`, { token, body });
      const before = await admin.user(id);
      for (const body of [
        { email: `own-${id}@example.com` },
        { email: '' },
        { email: before.email },
        { phone: '+8613500135000' },
        { full_name: 'Not Even This', phone: '' },
      ]) {
        expect(refusal(await patch(body)), JSON.stringify(body)).toEqual([409, 12007]);
      }
      expect(refusal(await patch({ email: 'not-an-address' }))).toEqual([400, 10001]);
      expect(await admin.user(id)).toEqual(before);
      expect((await patch({ full_name: 'My Own Name' })).body.data.full_name).toBe('My Own Name');
      expect(await admin.done('PATCH', `/users/${id}`, { email: '' })).toMatchObject({ email: '' });
    }
    await admin.done('DELETE', `/users/${other.id}`);
  });

  it('of 20 who claim one address at once, lets one have it', async () => {
    const people: string[] = [];
    while (people.length < 20) people.push((await app.createUser()).id);
    const answers = await Promise.all(
      people.map((id) => admin.call('PATCH', `/users/${id}`, { email: 'race@example.com' })),
    );
    expect(answers.map(({ body }) => body.code).sort()).toEqual([
      0,
      ...Array.from({ length: 19 }, () => 12003),
    ]);
  });
});

describe('POST /users/{id}/disable and enable', () => {
  it('ends the sessions at once, and lets in again afterwards, though not by the old sessions', async () => {
    const person = await admin.person();
    const data = await admin.done<UserData>('POST', `/users/${person.id}/disable`);
    expect(data.status).toBe('disabled');
    expect(refusal(await app.call('GET', '/me', { token: person.token }))).toEqual([401, 11002]);
    const signIn = () =>
      app.call('POST', '/signin', { body: { username: person.username, password: person.password } });
    expect(refusal(await signIn())).toEqual([401, 11001]);

    expect((await admin.done<UserData>('POST', `/users/${person.id}/enable`)).status).toBe('active');
    expect((await signIn()).status).toBe(200);
    expect(refusal(await app.call('GET', '/me', { token: person.token }))).toEqual([401, 11002]);
    const events = await admin.eventsOn(person.id);
    expect(events.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['user.enabled', 'user.disabled']),
    );
    expect(events.find(({ action }) => action === 'user.disabled')?.detail).toMatchObject({
      sessions_ended: 1,
    });
  });

  it('is the same the second time, and no event', async () => {
    const { id } = await app.createUser();
    const disabled = await admin.done('POST', `/users/${id}/disable`);
    app.clock.advance(1_000);
    expect(await admin.done('POST', `/users/${id}/disable`)).toEqual(disabled);
    expect((await admin.eventsOn(id)).filter(({ action }) => action === 'user.disabled')).toHaveLength(1);
  });

  it('is nothing to do to oneself', async () => {
    const helper = await admin.personWith(['users:update', 'users:delete']);
    const other = await admin.person({ roles: ['administrator'] });
    for (const { token, id } of [helper, other]) {
      expect(refusal(await app.call('POST', `/users/${id}/disable`, { token }))).toEqual([409, 12007]);
      expect(refusal(await app.call('DELETE', `/users/${id}`, { token }))).toEqual([409, 12007]);
    }
    await admin.done('DELETE', `/users/${other.id}`);
  });
});

describe('DELETE /users/{id}', () => {
  it('frees the identifiers, ends the sessions and keeps the record', async () => {
    const given = { username: 'phoenix', email: 'phoenix@example.com', phone: '+8613600136000' };
    const person = await admin.person(given);
    expect(await admin.done('DELETE', `/users/${person.id}`)).toBeNull();

    expect(refusal(await admin.call('GET', `/users/${person.id}`))).toEqual([404, 12001]);
    expect(refusal(await admin.call('DELETE', `/users/${person.id}`))).toEqual([404, 12001]);
    expect(refusal(await app.call('GET', '/me', { token: person.token }))).toEqual([401, 11002]);
    const deleted = (await admin.eventsOn(person.id)).find(({ action }) => action === 'user.deleted');
    expect(deleted).toMatchObject({ actor_id: admin.admin.id, detail: { sessions_ended: 1 } });

    const again = await app.createUser(given);
    expect(again.id).not.toBe(person.id);
  });

  it.runIf(inject('lane') === 'mysql')('locks the row before its sessions, as a sign-in does', async () => {
    const { database } = app;
    const { id } = await admin.person();
    const waiting = `SELECT trx_id FROM information_schema.innodb_trx
      JOIN information_schema.processlist ON id = trx_mysql_thread_id
      WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()`;
    let deletion: ReturnType<typeof admin.call> | undefined;
    await database.transaction(async () => {
      await database.execute('UPDATE users SET status = status WHERE id = ?', [id]);
      deletion ??= admin.call('DELETE', `/users/${id}`);
      // The server refreshes the table only for who has not asked for a tenth of a second.
      await vi.waitUntil(async () => (await database.query(waiting)).length > 0, { interval: 150 });
      const free = await database.query('SELECT id FROM sessions WHERE user_id = ? FOR UPDATE NOWAIT', [id]);
      expect(free).toHaveLength(1);
    });
    expect((await deletion)?.status).toBe(200);
  });

  it('removes every row of the user but the audit events', async () => {
    const person = await admin.person({ roles: ['administrator'] });
    await admin.done('DELETE', `/users/${person.id}`);
    for (const table of ['password_credentials', 'sessions', 'user_roles']) {
      expect(await app.database.query(`SELECT user_id FROM ${table} WHERE user_id = ?`, [person.id])).toEqual(
        [],
      );
    }
  });

  it('is quick for a user with thousands of sessions, ended and live', async () => {
    const person = await admin.person();
    const [row] = await app.database.query<Array<{ endAt: number }>>(
      'SELECT expires_at AS endAt FROM sessions WHERE id = ?',
      [person.sessionId],
    );
    const endAt = row?.endAt ?? 0;
    for (let batch = 0; batch < 10; batch += 1) {
      const rows = Array.from({ length: 500 }, (_, index) => batch * 500 + index);
      await app.database.execute(
        `INSERT INTO sessions (id, user_id, refresh_digest, user_agent, ip, created_at, last_seen_at, idle_expires_at,
           expires_at, ended_at, end_reason) VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`,
        rows.flatMap((n) => [
          crypto.randomUUID(),
          person.id,
          `${person.id}${n}`,
          '',
          '',
          1,
          1,
          endAt,
          endAt,
          n % 2 === 0 ? 1 : null,
          null,
        ]),
      );
    }
    const before = performance.now();
    await admin.done('DELETE', `/users/${person.id}`);
    expect(performance.now() - before).toBeLessThan(1_500);
  });
});
