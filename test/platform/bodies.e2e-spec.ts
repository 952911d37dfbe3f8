import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.ts';
import { expectEnvelope, expectFailure, plain, refusals } from '../support/envelope.ts';
import { sendRaw } from '../support/raw.ts';

let app: TestApp;
let token = '';
beforeAll(async () => {
  app = await startApp();
  token = (await app.signIn()).access_token;
});
afterAll(() => app.close());

const CREDENTIALS = { username: 'nobody', password: 'canary-7f3a' };

/** `POST /signin` with these bytes under these headers. */
async function post(body: string | Buffer, headers: Record<string, string> = {}) {
  const answer = await app.call('POST', '/signin', { body, headers });
  expect(answer.text).not.toContain('canary');
  return answer;
}

describe('a body in another form than JSON in UTF-8', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'application/xml',
    'application/jsonp',
    'application/json-patch+json',
    'application/problem+json',
    'text/json',
    'json',
    '*/*',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; charset="utf-16"',
    'application/json; CHARSET=utf-16; charset=utf-8',
    'application/json, text/plain',
    '__proto__',
    'constructor',
  ])('of the type %s is answered with 415', async (type) => {
    expectFailure(await post(JSON.stringify(CREDENTIALS), { 'content-type': type }), 415, 10006);
  });

  it('without a type is answered with 415', async () => {
    const body = JSON.stringify(CREDENTIALS);
    const head = `POST /signin HTTP/1.1\r\nHost: a\r\n`;
    expectFailure(
      plain(await sendRaw(app.url, `${head}Content-Length: ${body.length}\r\n\r\n${body}`)),
      415,
      10006,
    );
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expectFailure(plain(await sendRaw(app.url, chunked)), 415, 10006);
  });

  it.each(['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip', 'canary'])(
    'encoded as %s is answered with 415',
    async (encoding) => {
      const body = gzipSync(JSON.stringify(CREDENTIALS));
      expectFailure(await post(body, { 'content-encoding': encoding }), 415, 10006);
    },
  );

  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; version=1',
  ])('is not the type %s', async (type) => {
    expectFailure(await post(JSON.stringify(CREDENTIALS), { 'content-type': type }), 401, 11001);
  });
});

describe('a body that is too large', () => {
  const large = JSON.stringify({ username: 'canary', password: 'x'.repeat(32 * 1024) });

  it('is answered with 413 by its length', async () => {
    expectFailure(await post(large), 413, 10005);
  });

  it('is answered with 413 before it is sent', async () => {
    const head =
      'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n{';
    expectFailure(plain(await sendRaw(app.url, head)), 413, 10005);
  });

  it('is answered with 413 when it comes in chunks', async () => {
    const head =
      'POST /signin HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunks = `1000\r\n${'x'.repeat(0x1000)}\r\n`.repeat(9);
    expectFailure(plain(await sendRaw(app.url, head + chunks)), 413, 10005);
  });

  it('is one byte more than 32 KiB', async () => {
    const padded = (length: number): string => JSON.stringify(CREDENTIALS).padEnd(length);
    expectFailure(await post(padded(32 * 1024)), 401, 11001);
    expectFailure(await post(padded(32 * 1024 + 1)), 413, 10005);
  });
});

describe('a body that is not JSON', () => {
  it.each([
    ['half of it', '{"username":"canary"'],
    ['a word', 'canary'],
    ['a comment', '{} // canary'],
    ['single quotes', "{'username':'canary'}"],
    ['a comma at the end', '{"username":"canary",}'],
    ['a number that JSON does not have', '{"username":NaN}'],
    ['a leading zero', '{"username":01}'],
    ['a control character in a string', '{"username":"a\nb"}'],
    ['a half escape', '{"username":"\\u12"}'],
    ['blanks only', '   '],
    ['two values', '{}{}'],
    ['a byte order mark of another encoding', Buffer.from('fffe7b007d00', 'hex')],
    [
      'bad UTF-8',
      Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    ],
    [
      'an overlong form in UTF-8',
      Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    ],
    [
      'half a character',
      Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xe4, 0xbd]), Buffer.from('"}')]),
    ],
    [
      'a surrogate in UTF-8',
      Buffer.concat([Buffer.from('{"username":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    ],
  ])('(%s) is answered with 400', async (_, body) => {
    expectFailure(await post(body), 400, 10002);
  });
});

describe('a JSON body', () => {
  it.each(['[]', '[{"username":"canary","password":"canary"}]', '"canary"', '1', 'true', 'null', '1e999'])(
    'must be an object: %s',
    async (body) => {
      expect(refusals(await post(body))).toEqual([': body']);
    },
  );

  it('may be 10 levels deep and no deeper', async () => {
    const nested = (levels: number): string =>
      `{"username":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(refusals(await post(nested(10)))).toContain('username: string');
    expect(refusals(await post(nested(11)))).toEqual([': depth']);
    expect(refusals(await post(`{"username":${'{"a":'.repeat(10)}1${'}'.repeat(11)}`))).toEqual([': depth']);
    expect(refusals(await post(`${'['.repeat(16_000)}${']'.repeat(16_000)}`))).toEqual([': depth']);
  });

  it('has no field that nobody declared, whatever its name', async () => {
    const names = [
      'extra',
      'Username',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      'prototype',
      '',
      'username ',
      '$ne',
    ];
    for (const name of names) {
      const body = `{"username":"nobody","password":"canary",${JSON.stringify(name)}:{"isAdmin":"canary"}}`;
      expect(refusals(await post(body)), name).toEqual([`${name}: unknown`]);
    }
    expect(Object.hasOwn(Object.prototype, 'isAdmin')).toBe(false);
  });

  it('has no value of another type, none coerced', async () => {
    const values = [
      '1',
      '-0',
      '1e400',
      '123456789012345678901234567890',
      'true',
      'false',
      'null',
      '[]',
      '["nobody"]',
      '{}',
      '{"$ne":null}',
      '{"toString":"a"}',
    ];
    for (const value of values) {
      expect(refusals(await post(`{"username":${value},"password":"x"}`)), value).toEqual([
        'username: string',
      ]);
      expect(refusals(await post(`{"username":"nobody","password":${value}}`)), value).toEqual([
        'password: string',
      ]);
      const renewal = await app.call('POST', '/tokens/renew_access', { body: `{"refresh_token":${value}}` });
      expect(refusals(renewal), value).toEqual(['refresh_token: string']);
    }
  });

  it('names each field that is missing or of the wrong length', async () => {
    expect(refusals(await post('{}')).toSorted()).toEqual(['password: required', 'username: required']);
    expect(refusals(await post('{"username":"","password":""}')).toSorted()).toEqual([
      'password: length',
      'username: length',
    ]);
    const long = JSON.stringify({ username: 'c'.repeat(321), password: '密'.repeat(257) });
    expect(refusals(await post(long)).toSorted()).toEqual(['password: length', 'username: length']);
    expectFailure(
      await post(JSON.stringify({ username: 'c'.repeat(320), password: '😀'.repeat(256) })),
      401,
      11001,
    );
    expect(refusals(await post('{"username":"a\\u0000b","password":"x"}'))).toEqual([
      'username: control_characters',
    ]);
  });

  it('takes the last of two equal keys, as JSON.parse does, and breaks nothing', async () => {
    expectFailure(await post('{"username":1,"username":"nobody","password":"canary"}'), 401, 11001);
    expect(refusals(await post('{"username":"nobody","username":1,"password":"canary"}'))).toEqual([
      'username: string',
    ]);
  });

  it('names at most 20 fields, none beyond 64 characters', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`${index}-${'名'.repeat(80)}`, 'canary']),
    );
    const fields = refusals(await post(JSON.stringify(many)));
    expect(fields).toHaveLength(20);
    for (const field of fields) expect([...field.replace(': unknown', '')]).toHaveLength(64);
    const lone = refusals(await post(`{"${'\\ud83d'.repeat(70)}":1}`));
    expect(lone[0]).toContain('unknown');
  });
});

describe('no body', () => {
  it.each([{ 'content-length': '0' }, { 'content-length': '0', 'content-type': 'application/json' }])(
    'with %o is refused where one is needed',
    async (headers) => {
      for (const path of ['/signin', '/tokens/renew_access', '/tokens/revoke']) {
        expect(refusals(await app.call('POST', path, { headers }))).toEqual([': body']);
      }
    },
  );

  it('is fine where none is declared, under the JSON type too', async () => {
    for (const headers of [
      undefined,
      { 'content-type': 'application/json' },
      { 'content-type': 'application/json', 'content-length': '0' },
    ]) {
      const answer = await app.call('GET', '/me', { token, headers });
      expect(expectEnvelope(answer).code, answer.text).toBe(0);
    }
    const { access_token } = await app.signIn();
    const headers = { 'content-type': 'application/json', 'content-length': '0' };
    expectEnvelope(await app.call('POST', '/signout', { token: access_token, headers }));
  });

  it.each(['', 'Content-Type: application/json\r\n'])(
    'can come in chunks of which there are none (%j)',
    async (type) => {
      const chunked = `Host: a\r\n${type}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
      const head = `DELETE /me/sessions HTTP/1.1\r\nAuthorization: Bearer ${token}\r\n`;
      expect(expectEnvelope(plain(await sendRaw(app.url, head + chunked))).code).toBe(0);
      expect(refusals(plain(await sendRaw(app.url, `POST /signin HTTP/1.1\r\n${chunked}`)))).toEqual([
        ': body',
      ]);
    },
  );
});

describe('a body where none is declared', () => {
  it.each([
    ['GET', '/me'],
    ['POST', '/signout'],
    ['DELETE', '/me/sessions'],
    ['GET', '/codes'],
  ])('is refused, whatever it is: %s %s', async (method, path) => {
    for (const body of ['{}', '[]', 'null', '{"a":1}', '0', '{', '\xff', '['.repeat(20)]) {
      expect(refusals(await app.call(method, path, { token, body })), body).toEqual([': no_body']);
    }
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-encoding': 'gzip' },
    ]) {
      expect(refusals(await app.call(method, path, { token, body: 'a', headers }))).toEqual([': no_body']);
    }
    const head = `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n`;
    const untyped = ['Content-Length: 1\r\n\r\na', 'Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'];
    for (const rest of untyped) {
      expect(refusals(plain(await sendRaw(app.url, head + rest)))).toEqual([': no_body']);
    }
    expectEnvelope(await app.call('GET', '/me', { token }));
  });

  it('is asked about after who asks, and still must not be too large', async () => {
    const headers = { 'content-type': 'text/plain' };
    expectFailure(await app.call('GET', '/me', { body: 'a', headers }), 401, 11002);
    expectFailure(await app.call('POST', '/users', { body: '{' }), 401, 11002);
    expectFailure(await app.call('GET', '/me', { body: 'a'.repeat(32 * 1024 + 1), headers }), 413, 10005);
  });
});
