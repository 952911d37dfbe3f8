import { IsIn, IsString, Matches, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors/app-error.js';
import { failureFor } from '../errors/failure.js';
import {
  CodePoints,
  IsDisplayName,
  IsId,
  IsListOf,
  MayBeAbsent,
  NoControlCharacters,
  WellFormed,
} from './constraints.js';
import { validated, ValidationPipe } from './validation.pipe.js';

class BaseRequest {
  @MayBeAbsent()
  @IsId()
  id?: string;
}

class ThingRequest extends BaseRequest {
  @IsString()
  @CodePoints(1, 4)
  @Matches(/^[^!]*$/, { context: { rule: 'role_key' } })
  @WellFormed()
  @NoControlCharacters()
  text!: string;

  @MayBeAbsent()
  @IsString()
  @IsDisplayName(3)
  name?: string;

  @MayBeAbsent()
  @IsIn(['', 'on', 'off'])
  state?: string;

  @MayBeAbsent()
  @IsListOf('ids', (item) => item.startsWith('i'), { min: 1, max: 2 })
  list?: string[];
}

const ID = '3f6c0b2e-5c1d-4d8e-9a4e-0a8c1f0d7b11';

function errorOf(work: () => unknown): AppError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** As the client hears of them. */
function refusals(body: unknown): string[] {
  const error = errorOf(() => new ValidationPipe().transform(body, { type: 'body', metatype: ThingRequest }));
  if (error === undefined) return [];
  expect(error.definition.code).toBe(10001);
  return (error.details.violations ?? []).map(({ field, rule }) => `${field} ${rule}`);
}

describe('a body', () => {
  it('is handed on as an instance with exactly the given fields', () => {
    const body = { text: 'a', name: ' b ', state: 'on', list: ['i'], id: ID };
    const request = validated(ThingRequest, body);
    expect(request).toBeInstanceOf(ThingRequest);
    expect({ ...request }).toEqual(body);
    expect(Object.keys(validated(ThingRequest, { text: 'a' }))).toEqual(['text']);
  });

  it('is not checked again', () => {
    const request = validated(ThingRequest, { text: 'a' });
    request.text = '';
    expect(validated(ThingRequest, request)).toBe(request);
    expect(errorOf(() => validated(ThingRequest, { ...request }))).toBeDefined();
  });

  it.each([null, undefined, [], 'text', 1, true])('must be an object: %j', (body) => {
    expect(refusals(body)).toEqual([' body']);
  });

  it.each([
    [{}, 'text required'],
    [{ text: undefined }, 'text required'],
    [{ text: null }, 'text string'],
    [{ text: 1 }, 'text string'],
    [{ text: ['a'] }, 'text string'],
    [{ text: '' }, 'text length'],
    [{ text: 'abcde' }, 'text length'],
    [{ text: 'abcde!\u0000' }, 'text length'],
    // Two code points each: a heart and the selector that makes it an emoji.
    [{ text: '\u2764\ufe0f\u2764\ufe0f\u2764' }, 'text length'],
    [{ text: 'a!\ud800' }, 'text role_key'],
    [{ text: 'a\ud800' }, 'text well_formed'],
    [{ text: '\udc00\u0000' }, 'text well_formed'],
    [{ text: 'a\u0085' }, 'text control_characters'],
    [{ text: 'a', id: null }, 'id id'],
    [{ text: 'a', id: '' }, 'id id'],
    [{ text: 'a', id: ID.toUpperCase() }, 'id id'],
    [{ text: 'a', name: null }, 'name string'],
    [{ text: 'a', name: {} }, 'name string'],
    [{ text: 'a', name: ' ' }, 'name length'],
    [{ text: 'a', name: 'abcd' }, 'name length'],
    [{ text: 'a', name: 'abcd\n' }, 'name name_characters'],
    [{ text: 'a', name: 'a\ud800' }, 'name name_characters'],
    [{ text: 'a', state: null }, 'state choice'],
    [{ text: 'a', state: 'constructor' }, 'state choice'],
    [{ text: 'a', list: null }, 'list list'],
    [{ text: 'a', list: { length: 1, 0: 'i' } }, 'list list'],
    [{ text: 'a', list: [] }, 'list list'],
    [{ text: 'a', list: ['i', 'i', 'i'] }, 'list list'],
    [{ text: 'a', list: ['x', null] }, 'list strings'],
    [{ text: 'a', list: ['i', 'x'] }, 'list ids'],
    [{ text: 'a', extra: undefined }, 'extra unknown'],
    [{ text: 'a', constructor: 1 }, 'constructor unknown'],
    [{ text: 'a', toString: 1 }, 'toString unknown'],
    [JSON.parse('{"text":"a","__proto__":{"text":"b"}}'), '__proto__ unknown'],
    [JSON.parse('{"__proto__":{"text":"b"},"text":1}'), '__proto__ unknown,text string'],
  ])('%j is refused: %s', (body, refused) => {
    expect(refusals(body).join()).toBe(refused);
  });

  it.each(['😀😀😀😀', '\u2764\ufe0f\u2764\ufe0f', '\u200f'])('counts code points: %j', (text) => {
    expect(refusals({ text })).toEqual([]);
  });

  it('is refused with the parameters of the rules, 20 fields at most and no value', () => {
    const many = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`f${index}`, 'canary']));
    const error = errorOf(() => validated(ThingRequest, { text: 'canary', ...many }));
    expect(error?.details.violations).toHaveLength(33);
    expect(error?.details.violations?.at(-1)).toEqual({
      field: 'text',
      rule: 'length',
      params: { min: 1, max: 4 },
    });
    const { data } = failureFor(error ?? expect.fail(), 'en').body;
    expect(data).toHaveProperty('errors.length', 20);
    expect(JSON.stringify(data)).not.toContain('canary');
    const choice = errorOf(() => validated(ThingRequest, { text: 'a', state: 'canary' }));
    expect(failureFor(choice ?? expect.fail(), 'en').body.data).toEqual({
      errors: [{ field: 'state', rule: 'choice', message: 'must be one of "", on, off' }],
    });
  });
});

describe('the pipe', () => {
  it('leaves what is neither body nor query as it is', () => {
    expect(new ValidationPipe().transform('1', { type: 'param', metatype: String })).toBe('1');
  });

  it('fails for input without a class, and for rules that it would not check', () => {
    const pipe = new ValidationPipe();
    for (const metatype of [undefined, Object])
      expect(() => pipe.transform({}, { type: 'body', metatype })).toThrow('without a class');
    class Nested {
      @ValidateNested()
      one!: object;
    }
    expect(() => validated(Nested, {})).toThrow('not supported');
  });
});
