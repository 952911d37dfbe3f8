import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';

type Check = (value: unknown) => boolean;

/** One validation rule under the name that clients see and the locales translate. */
export function rule(
  name: string,
  holds: Check,
  params?: Record<string, string | number>,
): PropertyDecorator {
  return ValidateBy(
    { name, validator: { validate: holds, defaultMessage: () => name } },
    params === undefined ? {} : { context: params },
  );
}

export interface TextOptions extends Pick<ApiPropertyOptions, 'description' | 'format' | 'pattern'> {
  /** Bounds in Unicode code points. */
  readonly min: number;
  readonly max: number;
  readonly example: string;
  readonly optional?: boolean;
  readonly noControlCharacters?: boolean;
  /** Whether the text is stored as it is. */
  readonly stored?: boolean;
  /** A form of its own, under a rule of its own. */
  readonly matches?: RegExp;
  readonly rule?: string;
}

/** A string field: its type, its length and its documentation from one declaration. */
export function Text(options: TextOptions): PropertyDecorator {
  const {
    min,
    max,
    optional = false,
    noControlCharacters = false,
    stored = false,
    matches,
    rule: form,
    ...documentation
  } = options;
  // Half of a surrogate pair is no character; what is only compared may hold one, what is stored may not.
  const wellFormed = rule('well_formed', (value) => typeof value === 'string' && value.isWellFormed());
  // The first that fails is the one that is told, so the most basic stands first.
  return applyDecorators(
    presence(optional),
    rule('string', (value) => typeof value === 'string'),
    rule('length', (value) => hasCodePoints(value, min, max), { min, max }),
    ...(matches && form ? [rule(form, (value) => typeof value === 'string' && matches.test(value))] : []),
    ...(stored ? [wellFormed] : []),
    ...(noControlCharacters ? [rule('control_characters', (value) => !hasControlCharacters(value))] : []),
    ApiProperty({
      ...documentation,
      ...(matches && { pattern: matches.source }),
      type: String,
      minLength: min,
      maxLength: max,
      required: !optional,
    }),
  );
}

export interface TextListOptions extends Pick<ApiPropertyOptions, 'description' | 'format'> {
  readonly min?: number;
  readonly max: number;
  /** What each item must be, and the name of that rule. */
  readonly item: (text: string) => boolean;
  readonly rule: string;
  readonly example: readonly string[];
  readonly optional?: boolean;
}

/** A list of strings, each of one form. */
export function TextList(options: TextListOptions): PropertyDecorator {
  const { min = 0, max, item, rule: form, optional = false, example, format, ...documentation } = options;
  return applyDecorators(
    presence(optional),
    rule('list', (value) => Array.isArray(value) && value.length >= min && value.length <= max, { min, max }),
    rule(
      form,
      (value) => Array.isArray(value) && value.every((text) => typeof text === 'string' && item(text)),
    ),
    ApiProperty({
      ...documentation,
      example: [...example],
      type: 'array',
      items: { type: 'string', ...(format && { format }) },
      minItems: min,
      maxItems: max,
      required: !optional,
    }),
  );
}

/** One of the listed words. */
export function Choice(
  choices: readonly string[],
  documentation: { readonly description: string },
): PropertyDecorator {
  return applyDecorators(
    presence(false),
    rule('choice', (value) => typeof value === 'string' && choices.includes(value), {
      choices: choices.join(', '),
    }),
    ApiProperty({ ...documentation, type: String, enum: [...choices], example: choices[0] }),
  );
}

function presence(optional: boolean): PropertyDecorator {
  return optional
    ? ValidateIf((_, value) => value !== undefined)
    : rule('required', (value) => value !== undefined);
}

function hasCodePoints(value: unknown, min: number, max: number): boolean {
  if (typeof value !== 'string') return false;
  // Counting code points costs a pass, so the cheap bound on code units comes first.
  if (value.length < min || value.length > 2 * max) return false;
  const count = [...value].length;
  return count >= min && count <= max;
}

function hasControlCharacters(value: unknown): boolean {
  return typeof value === 'string' && /\p{Cc}/u.test(value);
}
