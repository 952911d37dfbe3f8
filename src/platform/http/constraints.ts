import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';
import { isUuid } from '../crypto/random.js';
import { parseDisplayName } from '../display-name.js';
import { codePoints } from '../text.js';
import { Holds, type RuleOptions } from './class-rules.js';

/** A constraint of our own. Its name is the rule in `data.errors`, its text stands in the locales. */
export function rule(
  name: string,
  validate: (value: unknown, args?: ValidationArguments) => boolean,
  options?: RuleOptions,
): PropertyDecorator {
  return ValidateBy({ name, validator: { validate } }, options);
}

/** Decorators as one, asked in this order: as if they stood above the field. */
export function stacked(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return applyDecorators(...decorators.toReversed());
}

/** The field may be absent, and nothing else: class-validator's `IsOptional` would let null pass, too. */
export function MayBeAbsent(): PropertyDecorator {
  return applyDecorators(
    ValidateIf((_, value) => value !== undefined),
    ApiProperty({ required: false }),
  );
}

/** Text of `min` to `max` Unicode code points; `Length` takes a character and its variation selector for one. */
export function CodePoints(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    rule('length', (value) => typeof value === 'string' && hasCodePoints(value, min, max), {
      context: { params: { min, max } },
    }),
    ApiProperty({ minLength: min, maxLength: max }),
  );
}

/** For text that is stored: half of a surrogate pair is no character. What is only compared may hold one. */
export function WellFormed(): PropertyDecorator {
  return rule('well_formed', (value) => typeof value === 'string' && value.isWellFormed());
}

export function NoControlCharacters(): PropertyDecorator {
  return rule('control_characters', (value) => typeof value === 'string' && !/\p{Cc}/u.test(value));
}

/** A name that people see, stored in a canonical form of at most `max` code points. */
export function IsDisplayName(max: number): PropertyDecorator {
  const accepts = (refused: string) => (value: unknown) =>
    typeof value === 'string' && parseDisplayName(value, max).refusal?.rule !== refused;
  return applyDecorators(
    rule('name_characters', accepts('name_characters')),
    rule('length', accepts('length'), { context: { params: { min: 1, max } } }),
    ApiProperty({ minLength: 1, maxLength: max, description: 'Blanks around it are dropped.' }),
  );
}

/** An id of ours. */
export function IsId(): PropertyDecorator {
  return applyDecorators(rule('id', isUuid), ApiProperty({ format: 'uuid' }));
}

/** A list of `min` to `max` strings that are all accepted; `name` is the rule of one that is not. */
export function IsListOf(
  name: string,
  accepts: (text: string) => boolean,
  { min = 0, max, format }: { readonly min?: number; readonly max: number; readonly format?: string },
): PropertyDecorator {
  const isText = (value: unknown) => typeof value === 'string';
  return stacked(
    rule('list', (value) => Array.isArray(value) && value.length >= min && value.length <= max, {
      context: { params: { min, max } },
    }),
    rule('strings', isText, { each: true }),
    rule(name, (value) => isText(value) && accepts(value), { each: true }),
    ApiProperty({
      type: 'array',
      items: { type: 'string', ...(format && { format }) },
      minItems: min,
      maxItems: max,
    }),
  );
}

/** A list of `min` to `max` objects of a class. */
export function IsListOfObjects(
  type: () => Type<object>,
  { min = 0, max }: { readonly min?: number; readonly max: number },
): PropertyDecorator {
  return stacked(
    rule('list', (value) => Array.isArray(value) && value.length >= min && value.length <= max, {
      context: { params: { min, max } },
    }),
    Holds(type, { each: true }),
    ApiProperty({ type: () => [type()], minItems: min, maxItems: max }),
  );
}

/** A whole number from `min` to `max`. */
export function IsWholeNumber(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    rule('integer', (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max, {
      context: { params: { min, max } },
    }),
    ApiProperty({ type: 'integer', minimum: min, maximum: max }),
  );
}

export function IsBoolean(): PropertyDecorator {
  return applyDecorators(
    rule('boolean', (value) => typeof value === 'boolean'),
    ApiProperty({ type: Boolean, example: false }),
  );
}

function hasCodePoints(value: string, min: number, max: number): boolean {
  // Counting code points costs a pass, so the cheap bound on code units comes first.
  if (value.length < min || value.length > 2 * max) return false;
  const count = codePoints(value, max);
  return count >= min && count <= max;
}
