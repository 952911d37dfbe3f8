import type { IncomingHttpHeaders } from 'node:http';
import { expect } from 'vitest';
import type { RawAnswer } from './raw.ts';

/** What both kinds of answers come down to. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A raw answer as any other; a header that was sent twice is a failure, because none of ours may be. */
export function plain(answer: RawAnswer): PlainAnswer {
  for (const [name, values] of answer.headers) expect(values, `header ${name}`).toHaveLength(1);
  const headers = Object.fromEntries([...answer.headers].map(([name, [value = '']]) => [name, value]));
  return { status: answer.status, headers, text: answer.body };
}

/** The statuses of the published codes that any route can answer. */
const STATUS_OF: Readonly<Record<number, number>> = {
  10001: 400,
  10002: 400,
  10003: 404,
  10004: 405,
  10005: 413,
  10006: 415,
  10007: 431,
  10008: 429,
  10009: 503,
  10010: 503,
  10011: 408,
  10012: 417,
  11001: 401,
  11002: 401,
  11003: 401,
  11004: 403,
};

/** Everything that holds for every answer in the envelope, whichever layer wrote it. */
export function expectEnvelope(answer: PlainAnswer): { code: number; data: unknown; msg: string } {
  const { status, headers, text } = answer;
  expect(headers['content-type'], text).toBe('application/json; charset=utf-8');
  const body: { code: number; data: unknown; msg: string } = JSON.parse(text);
  expect(Object.keys(body)).toEqual(['code', 'data', 'msg']);
  expect(typeof body.msg).toBe('string');
  expect(body.msg).not.toBe('');
  expect(body.msg, 'a text and not its key').not.toMatch(/^[a-z]+\.[a-zA-Z]+$/);
  expectCommonHeaders(headers);
  if (status >= 400) {
    expect(STATUS_OF[body.code], `${status} ${text}`).toBe(status);
    if (body.data !== null)
      expect(['errors', 'retry_after']).toEqual(expect.arrayContaining(Object.keys(body.data as object)));
  } else expect(body.code).toBe(0);
  return body;
}

/** A failure of exactly this kind. */
export function expectFailure(answer: PlainAnswer, status: number, code: number): void {
  const body = expectEnvelope(answer);
  expect([answer.status, body.code], answer.text).toEqual([status, code]);
}

/** The fields that were refused, with the rule that refused each. */
export function refusals(answer: PlainAnswer): string[] {
  expectFailure(answer, 400, 10001);
  const body: { data: { errors: Array<{ field: string; rule: string; message: string }> } } = JSON.parse(
    answer.text,
  );
  for (const error of body.data.errors) {
    expect(Object.keys(error)).toEqual(['field', 'rule', 'message']);
    expect(error.message, 'a text and not its key').not.toMatch(/^rule\.|\{\w+\}/);
    expect(error.message).not.toBe('');
  }
  return body.data.errors.map(({ field, rule }) => `${field}: ${rule}`);
}

function expectCommonHeaders(headers: IncomingHttpHeaders): void {
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'strict-transport-security': expect.stringContaining('max-age='),
    'content-language': expect.stringMatching(/^(en|zh-CN)$/),
    vary: expect.stringContaining('Accept-Language'),
    'x-request-id': expect.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
  });
  expect(headers['server']).toBeUndefined();
  expect(headers['x-powered-by']).toBeUndefined();
}
