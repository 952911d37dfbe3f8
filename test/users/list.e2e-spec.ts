import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Administration, refusal, type ListData, type UserData } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { singleStatements, statementsOfTransactions } from '../support/statements.ts';
import { seed } from '../../seed/seed.ts';

let app: TestApp;
let admin: Administration;

beforeAll(async () => {
  app = await startApp();
  admin = await Administration.of(app);
});
afterAll(() => app.close());

async function list(parameters: Record<string, string>): Promise<ListData<UserData>> {
  return admin.done<ListData<UserData>>('GET', `/users?${new URLSearchParams(parameters)}`);
}

async function names(parameters: Record<string, string>): Promise<string[]> {
  return (await list(parameters)).items.map(({ username }) => username);
}

describe('GET /users?q', () => {
  beforeAll(async () => {
    await app.createUser({ username: 'zoe.k', full_name: 'Zoe\u0301 Kraft', email: 'zk@one.example' });
    await app.createUser({ username: 'wu.fang', full_name: '武芳', phone: '+8613511135111' });
    await app.createUser({ username: 'per_cent', full_name: '100% Wool', email: 'a_b%c@two.example' });
    await app.createUser({ username: 'percent', full_name: '1000 Wool' });
    await app.createUser({ username: 'ss.one', full_name: 'Straße' });
    await app.createUser({ username: 'last', full_name: '\u{10ffff}\u{10ffff} Last' });
    await app.createUser({ username: 'giulia', full_name: 'Giulia Rossi', phone: '+4915123456789' });
    await app.createUser({ username: 'twelve', full_name: '12 Monkeys 7' });
    await app.createUser({ username: 'oneil', full_name: "Anne-Marie O'Neil" });
    await app.createUser({ username: 'sakura', full_name: '山田さくら' });
    await app.createUser({ username: 'kanda', full_name: 'กานดา' });
    await app.createUser({ username: 'minsu', full_name: '김민수' });
    await app.createUser({ username: 'width', full_name: 'ＷＩＤＥ Load' });
  });

  it.each([
    ['zoe', ['zoe.k']],
    ['ZO\u00c9', ['zoe.k']],
    ['zoe\u0301 kr', ['zoe.k']],
    ['ZK@ONE', ['zoe.k']],
    ['武芳', ['wu.fang']],
    ['+86135111', ['wu.fang']],
    [' wu. ', ['wu.fang']],
    ['per_', ['per_cent']],
    ['per%', []],
    ['%%', []],
    ['__', []],
    ['100%', ['per_cent']],
    ['1000', ['percent']],
    ['a_b%', ['per_cent']],
    ['raft', []],
    ['kraft', ['zoe.k']],
    ['kraft ZO\u00c9', ['zoe.k']],
    ['kraft zoe\u0301 zk@one', ['zoe.k']],
    ['kraft wu', []],
    ['one.example zoé', ['zoe.k']],
    ['芳', ['wu.fang']],
    ['fang', ['wu.fang']],
    ['13511135111', ['wu.fang']],
    ['135 1113 5111', ['wu.fang']],
    ['135-1113', ['wu.fang']],
    ['0086 135 1113', ['wu.fang']],
    ['芳 1351', ['wu.fang']],
    ['01512', ['giulia']],
    ['(01512) 345-67', ['giulia']],
    ['+49 (0)1512 345', ['giulia']],
    ['15123456', ['giulia']],
    ['12 Monkeys', ['twelve']],
    ['7 12', ['twelve']],
    ["o'neil", ['oneil']],
    ['neil', ['oneil']],
    ['marie', ['oneil']],
    ['mari oneil', ['oneil']],
    ['さくら', ['sakura']],
    ['くら', ['sakura']],
    ['ク', []],
    ['ดา', ['kanda']],
    ['민수', ['minsu']],
    ['wide l', ['width']],
    ['ｗｉｄｅ', ['width']],
    ['\u{10ffff}\u{10ffff}', ['last']],
    ['\u{10ffff}\u{10ffff} l', ['last']],
    ['z\u{10ffff}', []],
    ["zo' OR 1=1 --", []],
    ['\\\\', []],
  ])('finds by %j %j', async (q, found) => {
    const answer = await list({ q });
    expect(answer.items.map(({ username }) => username)).toEqual(found);
    expect(answer.total).toBe(found.length);
  });

  it('follows a change of the name, by the person and by an administrator', async () => {
    const person = await admin.person({ full_name: 'Before Change' });
    await app.call('PATCH', '/me', { token: person.token, body: { full_name: 'Ünder Way' } });
    expect(await names({ q: 'ÜND' })).toEqual([person.username]);
    await admin.done('PATCH', `/users/${person.id}`, { full_name: 'Journey´s End' });
    expect(await names({ q: 'ünd' })).toEqual([]);
    expect(await names({ q: 'journey´' })).toEqual([person.username]);
  });

  it('follows changes of the e-mail address and the phone number, and a deletion', async () => {
    const { id } = await app.createUser({ username: 'mover', full_name: 'Mo Ver', phone: '+8613922223333' });
    await admin.done('PATCH', `/users/${id}`, { email: 'moving@new.test', phone: '' });
    expect(await names({ q: 'moving' })).toEqual(['mover']);
    expect(await names({ q: '13922223333' })).toEqual([]);
    await admin.done('PATCH', `/users/${id}`, { email: '', phone: '13922224444' });
    expect(await names({ q: 'moving' })).toEqual([]);
    expect(await names({ q: '1392222' })).toEqual(['mover']);
    const terms = () =>
      app.database.query('SELECT term FROM user_search_terms WHERE term IN (?, ?)', ['mover', '13922224444']);
    expect(await terms()).toHaveLength(2);
    await admin.done('DELETE', `/users/${id}`);
    expect(await names({ q: 'mover' })).toEqual([]);
    expect(await terms()).toEqual([]);
  });

  it('keeps what finds a user when a change is refused', async () => {
    await app.createUser({ username: 'first.one', full_name: 'First', email: 'taken@first.test' });
    const { id } = await app.createUser({ username: 'second.one', full_name: 'Second' });
    const body = { full_name: 'Third', email: 'taken@first.test' };
    expect(refusal(await admin.call('PATCH', `/users/${id}`, body))).toEqual([409, 12003]);
    expect(await names({ q: 'second' })).toEqual(['second.one']);
    expect(await names({ q: 'third' })).toEqual([]);
  });

  it('counts a user once who matches in several ways', async () => {
    await app.createUser({ username: 'twice', full_name: 'Twice', email: 'twice@example.com' });
    expect(await list({ q: 'twice' })).toMatchObject({ total: 1, items: [{ username: 'twice' }] });
  });
});

describe('GET /users', () => {
  it.each([
    'page=0',
    'page=-1',
    'page=1.5',
    'page=x',
    'page=',
    'page_size=0',
    'page_size=101',
    'page_size=1000000000',
    'page=101&page_size=100',
    'page=1&page=2',
    'sort=full_name',
    'sort=password',
    'sort=hash',
    'sort=created_at;drop',
    'sort=created_at,username',
    'sort[$gt]=1',
    'status=gone',
    'status=ACTIVE',
    'q=a',
    'q=',
    'q=%20a%20',
    `q=${'a'.repeat(101)}`,
    'q[]=ab',
    'q=a%00b',
    'created_from=yesterday',
    'created_from=2026-01-01',
    'created_to=2026-02-30T00:00:00Z',
    'created_to=2026-01-01T00:00:00',
    'limit=5',
    'constructor=1',
    '__proto__=1',
  ])('refuses ?%s', async (query) => {
    expect(refusal(await admin.call('GET', `/users?${query}`))).toEqual([400, 10001]);
  });

  it('filters by role, and finds nobody in a role that is none', async () => {
    const { key } = await admin.role([]);
    const held = await app.createUser({ roles: [key] });
    await app.createUser();
    expect(await list({ role: key })).toMatchObject({ total: 1, items: [{ id: held.id, roles: [key] }] });
    expect(await list({ role: 'no-such-role' })).toMatchObject({ total: 0, items: [] });
  });
});

describe('GET /users of a seeded system', () => {
  let all: UserData[];

  beforeAll(async () => {
    app.clock.advance(60_000);
    const before = performance.now();
    const seeded = await seed(app.nest, { users: 1_200, sessions: 300 });
    expect(performance.now() - before).toBeLessThan(15_000);
    expect(seeded).toMatchObject({ users: 1_200, sessions: 300 });
    all = [];
    for (let page = 1; all.length < 1_200; page += 1) {
      all.push(...(await list({ page: String(page), page_size: '100', created_to: now() })).items);
    }
    for (const { key } of [await admin.role([], 'seed-few'), await admin.role([], 'seed-many')]) {
      const holders = all.filter((_, index) => index % (key === 'seed-few' ? 100 : 2) === 1);
      for (const { id, created_at } of holders) {
        await app.database.execute(
          'INSERT INTO user_roles (user_id, role_id, user_created_at) SELECT ?, id, ? FROM roles WHERE role_key = ?',
          [id, Date.parse(created_at), key],
        );
      }
    }
    all = [];
    for (let page = 1; ; page += 1) {
      const { items } = await list({ page: String(page), page_size: '100' });
      all.push(...items);
      if (items.length < 100) break;
    }
  });

  const now = () => new Date(app.clock.now()).toISOString();

  it('finds seeded people by any word of their names', async () => {
    const some = all.filter((_, index) => index % 100 === 7);
    for (const { username, full_name: fullName, phone } of some) {
      const q = `${fullName.split(' ').toReversed().join(' ')} ${phone.slice(3)}`;
      expect(await names({ q })).toContain(username);
    }
  });

  const SORTS = {
    created_at: (user: UserData) => user.created_at,
    username: (user: UserData) => user.username,
    last_sign_in_at: (user: UserData) => user.last_sign_in_at ?? '',
  };
  const FILTERS: Record<string, (user: UserData) => boolean> = {
    '': () => true,
    'status=disabled': ({ status }) => status === 'disabled',
    'status=active': ({ status }) => status === 'active',
    'role=seed-few': ({ roles }) => roles.includes('seed-few'),
    'role=seed-many': ({ roles }) => roles.includes('seed-many'),
    'q=li': (user) => begins(user, 'li'),
    'q=%2B86': (user) => begins(user, '+86'),
    'q=an%20sc': (user) => begins(user, 'an') && begins(user, 'sc'),
    'q=138': (user) => begins(user, '138'),
    'q=example': (user) => begins(user, 'example'),
    'q=example&status=disabled&role=seed-few': (user) =>
      begins(user, 'example') && user.status === 'disabled' && user.roles.includes('seed-few'),
    'q=li&status=active&role=seed-many': (user) =>
      begins(user, 'li') && user.status === 'active' && user.roles.includes('seed-many'),
    'role=seed-many&status=disabled': ({ roles, status }) =>
      roles.includes('seed-many') && status === 'disabled',
    'created_from=2025-06-01T00:00:00Z&created_to=2026-02-01T00:00:00%2B08:00': ({ created_at }) =>
      created_at >= '2025-06-01T00:00:00.000Z' && created_at <= '2026-01-31T16:00:00.000Z',
    'created_from=2026-01-01T00:00:00Z&status=active&role=seed-many': ({ created_at, roles, status }) =>
      created_at >= '2026-01-01T00:00:00.000Z' && roles.includes('seed-many') && status === 'active',
  };

  for (const [filter, passes] of Object.entries(FILTERS)) {
    for (const [sort, value] of Object.entries(SORTS)) {
      for (const direction of ['', '-']) {
        it(`answers ?${filter} by ${direction}${sort} as a filter and a sort of everything would`, async () => {
          // The three who were seeded for the sign-in are not in `all`.
          const known = new Set(all.map(({ id }) => id));
          const expected = all
            .filter(passes)
            .sort((a, b) => compare(value(a), value(b)) || compare(a.id, b.id));
          if (direction === '-') expected.reverse();
          const found: UserData[] = [];
          let total = 0;
          for (let page = 1; ; page += 1) {
            const query = `${filter}&sort=${direction}${sort}&page=${page}&page_size=97`;
            const answer = await admin.done<ListData<UserData>>('GET', `/users?${query}`);
            found.push(...answer.items);
            total = answer.total;
            if (answer.items.length < 97) break;
          }
          expect(found).toHaveLength(total);
          expect(found.filter(({ id }) => known.has(id)).map(({ id }) => id)).toEqual(
            expected.map(({ id }) => id),
          );
        });
      }
    }
  }

  it('asks the database at most six times, with four filters too', async () => {
    const query = 'q=example&status=active&role=seed-many&created_from=2024-01-01T00:00:00Z&page_size=1';
    let transactions: string[][] = [];
    const sent = await singleStatements(app.database, async () => {
      transactions = await statementsOfTransactions(app.database, () =>
        admin.done('GET', `/users?${query}&sort=username`),
      );
    });
    expect(sent.filter((sql) => sql.includes('user_search_terms'))).toHaveLength(3);
    expect(sent.length).toBeLessThanOrEqual(6);
    expect(transactions).toEqual([]);
  });

  it('answers a page beyond the end with nothing and the total', async () => {
    const answer = await list({ page: '500', page_size: '20', status: 'active' });
    expect(answer).toMatchObject({ items: [], page: 500, page_size: 20 });
    expect(answer.total).toBeGreaterThan(1_000);
  });
});

/** Whether a word of a user begins so, for people of the seed. */
function begins({ username, email, phone, full_name: fullName }: UserData, prefix: string): boolean {
  const text = [fullName, username, email, phone, phone.slice(3)].join(' ').normalize('NFKC').toLowerCase();
  return [...text.matchAll(/(?<![\p{L}\p{M}\p{N}])|(?=\p{Script=Han})/gu)].some(({ index }) =>
    text.startsWith(prefix, index),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
