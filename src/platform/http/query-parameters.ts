import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { isUuid } from '../crypto/random.js';
import type { Violation } from '../errors/app-error.js';
import { PlatformErrors } from '../errors/platform-errors.js';
import { codePoints } from '../text.js';
import { parseTimestamp } from '../time/timestamp.js';
import { DeclaredFields } from './declared-fields.js';
import type { Refusal } from './request-body.js';

/** What the text of a parameter means, or why it means nothing. */
type Reading = { readonly value: unknown } | { readonly refusal: Refusal };

interface Parameter {
  readonly read: (text: string) => Reading;
  readonly fallback: unknown;
}

type QueryClass<T extends object> = new () => T;

const declared = new DeclaredFields<Parameter>();

/**
 * Reads a query string by its class: every parameter that the class declares, at most once each, and no other.
 * Values come out as what they mean (numbers, instants, sorts), and absent ones as their defaults.
 *
 * @throws AppError 10001 with one violation for each refused parameter
 */
export function readQuery<T extends object>(type: QueryClass<T>, input: unknown): T {
  const parameters = declared.of(type);
  const given = new Map<string, unknown>(Object.entries(input ?? {}));
  const violations: Violation[] = [];
  const query = new type();
  for (const field of given.keys()) {
    if (!parameters.has(field)) violations.push({ field, rule: 'unknown' });
  }
  for (const [field, { read, fallback }] of parameters) {
    const text = given.get(field);
    if (text === undefined) Object.assign(query, { [field]: fallback });
    else if (typeof text !== 'string') violations.push({ field, rule: 'repeated' });
    else {
      const reading = read(text);
      if ('refusal' in reading) violations.push({ field, ...reading.refusal });
      else Object.assign(query, { [field]: reading.value });
    }
  }
  if (violations.length > 0) throw PlatformErrors.invalidRequest({ violations });
  return query;
}

function queryParameter(
  read: Parameter['read'],
  documentation: ApiPropertyOptions,
  fallback?: unknown,
): PropertyDecorator {
  return applyDecorators(
    declared.decorator({ read, fallback }),
    ApiProperty({ required: false, ...documentation } as ApiPropertyOptions),
  );
}

const DECIMAL = /^[1-9][0-9]{0,8}$/;

/** A whole number from `min`, which is at least 1, to `max`; plain digits only. */
export function IntegerParameter(options: {
  readonly min: number;
  readonly max: number;
  readonly default: number;
  readonly description: string;
}): PropertyDecorator {
  const { min, max, default: fallback, description } = options;
  return queryParameter(
    (text) => {
      const value = DECIMAL.test(text) ? Number(text) : NaN;
      return value >= min && value <= max
        ? { value }
        : { refusal: { rule: 'integer', params: { min, max } } };
    },
    { type: 'integer', minimum: min, maximum: max, default: fallback, description },
    fallback,
  );
}

/** Text of `min` to `max` code points without control characters, counted after blanks around it are dropped. */
export function TextParameter(options: {
  readonly min: number;
  readonly max: number;
  readonly description: string;
  readonly example?: string;
}): PropertyDecorator {
  const { min, max, ...documentation } = options;
  return queryParameter(
    (text) => {
      const value = text.trim();
      const length = codePoints(value, max);
      if (/\p{Cc}/u.test(value)) return { refusal: { rule: 'control_characters' } };
      return length >= min && length <= max
        ? { value }
        : { refusal: { rule: 'length', params: { min, max } } };
    },
    { type: String, minLength: min, maxLength: max, ...documentation },
  );
}

/** One of the listed words. */
export function ChoiceParameter(choices: readonly string[], description: string): PropertyDecorator {
  return queryParameter(
    (text) =>
      choices.includes(text)
        ? { value: text }
        : { refusal: { rule: 'choice', params: { choices: choices.join(', ') } } },
    { type: String, enum: [...choices], description },
  );
}

/** An id of ours. */
export function IdParameter(description: string): PropertyDecorator {
  return queryParameter((text) => (isUuid(text) ? { value: text } : { refusal: { rule: 'id' } }), {
    type: String,
    format: 'uuid',
    description,
  });
}

/** An RFC 3339 time, read as an instant. */
export function TimeParameter(description: string): PropertyDecorator {
  return queryParameter(
    (text) => {
      const value = parseTimestamp(text);
      return value === undefined ? { refusal: { rule: 'time' } } : { value };
    },
    { type: String, format: 'date-time', description },
  );
}

/** In which order a list comes. */
export interface Sort<Field extends string> {
  readonly field: Field;
  readonly descending: boolean;
}

/** One of the listed fields, with `-` before it for descending order. */
export function SortParameter<const Field extends string>(
  fields: readonly Field[],
  fallback: Sort<Field>,
): PropertyDecorator {
  const choices = fields.flatMap((field) => [field, `-${field}`]);
  return queryParameter(
    (text) => {
      const descending = text.startsWith('-');
      const field = fields.find((name) => name === (descending ? text.slice(1) : text));
      if (field === undefined)
        return { refusal: { rule: 'choice', params: { choices: choices.join(', ') } } };
      return { value: { field, descending } satisfies Sort<Field> };
    },
    {
      type: String,
      enum: choices,
      default: `${fallback.descending ? '-' : ''}${fallback.field}`,
      description: 'The field to sort by; `-` before it: descending.',
    },
    fallback,
  );
}

/** A parameter with a form of its own. */
export function CustomParameter<T>(
  parse: (text: string) => T | undefined,
  rule: string,
  documentation: ApiPropertyOptions,
): PropertyDecorator {
  return queryParameter((text) => {
    const value = parse(text);
    return value === undefined ? { refusal: { rule } } : { value };
  }, documentation);
}
