import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import type { Violation } from '../errors/app-error.js';
import { parseTimestamp } from '../time/timestamp.js';
import { MayBeAbsent, rule } from './constraints.js';

/**
 * A query parameter that `parse` gives a meaning; text without one is refused under the rule `name`. Absent, it is what
 * the class makes it.
 */
export function ReadBy(
  name: string,
  parse: (text: string) => unknown,
  documentation: ApiPropertyOptions,
  params?: Violation['params'],
): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }) => (typeof value === 'string' ? parse(value) : undefined) ?? null),
    rule(name, (value) => value !== null, { context: { params } }),
    MayBeAbsent(),
    ApiProperty(documentation),
  );
}

const DECIMAL = /^(?:0|[1-9][0-9]{0,8})$/;

/** A whole number from `min` to `max`; plain digits only. */
export function WholeNumber(min: number, max: number): PropertyDecorator {
  const parse = (text: string) => {
    const value = DECIMAL.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
  return ReadBy('integer', parse, { type: 'integer', minimum: min, maximum: max }, { min, max });
}

/** An RFC 3339 time, read as an instant. */
export function Time(): PropertyDecorator {
  return ReadBy('time', parseTimestamp, { type: String, format: 'date-time' });
}

/** In which order a list comes. */
export interface Sort<Field extends string> {
  readonly field: Field;
  readonly descending: boolean;
}

/** One of the listed fields, with `-` before it for descending order. */
export function SortBy(fields: readonly string[]): PropertyDecorator {
  const choices = fields.flatMap((field) => [field, `-${field}`]);
  const parse = (text: string) =>
    choices.includes(text) ? { field: text.replace(/^-/, ''), descending: text.startsWith('-') } : undefined;
  const documentation = {
    type: String,
    enum: choices,
    description: 'The field to sort by; `-` before it: descending.',
  };
  return ReadBy('choice', parse, documentation, { choices: choices.join(', ') });
}

/** Text without the blanks around it. */
export function Trimmed(): PropertyDecorator {
  return Transform(({ value }) => (typeof value === 'string' ? value.trim() : value));
}
