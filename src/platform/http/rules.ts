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
}

/** A string field: its type, its length and its documentation from one declaration. */
export function Text(options: TextOptions): PropertyDecorator {
  const { min, max, optional = false, noControlCharacters = false, ...documentation } = options;
  // The first that fails is the one that is told, so the most basic stands first.
  return applyDecorators(
    optional
      ? ValidateIf((_, value) => value !== undefined)
      : rule('required', (value) => value !== undefined),
    rule('string', (value) => typeof value === 'string'),
    rule('length', (value) => hasCodePoints(value, min, max), { min, max }),
    ...(noControlCharacters ? [rule('control_characters', (value) => !hasControlCharacters(value))] : []),
    ApiProperty({ ...documentation, type: String, minLength: min, maxLength: max, required: !optional }),
  );
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
