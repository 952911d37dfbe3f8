import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { parseDisplayName } from '../display-name.js';
import { codePoints } from '../text.js';
import { bodyField } from './request-body.js';

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
  return applyDecorators(
    bodyField({
      optional,
      // The first rule that is broken is the one that is told, so the most basic stands first.
      refusalOf: (value) => {
        if (typeof value !== 'string') return { rule: 'string' };
        if (!hasCodePoints(value, min, max)) return { rule: 'length', params: { min, max } };
        if (matches && form && !matches.test(value)) return { rule: form };
        // Half of a surrogate pair is no character; what is only compared may hold one, what is stored may not.
        if (stored && !value.isWellFormed()) return { rule: 'well_formed' };
        if (noControlCharacters && /\p{Cc}/u.test(value)) return { rule: 'control_characters' };
        return undefined;
      },
    }),
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

export interface DisplayNameOptions {
  /** The greatest length of the canonical form, in code points. */
  readonly max: number;
  readonly example: string;
  readonly optional?: boolean;
}

/** A name that people see, which is stored in its canonical form. */
export function DisplayName({ max, example, optional = false }: DisplayNameOptions): PropertyDecorator {
  return applyDecorators(
    bodyField({
      optional,
      refusalOf: (value) =>
        typeof value === 'string' ? parseDisplayName(value, max).refusal : { rule: 'string' },
    }),
    ApiProperty({
      type: String,
      minLength: 1,
      maxLength: max,
      required: !optional,
      example,
      description: 'Blanks around it are dropped.',
    }),
  );
}

export interface TextListOptions extends Pick<ApiPropertyOptions, 'description' | 'format'> {
  readonly min?: number;
  readonly max: number;
  /** What each text must be, and the name of the rule that says so of the list. */
  readonly item: (text: string) => boolean;
  readonly rule: string;
  readonly example: readonly string[];
  readonly optional?: boolean;
}

/** A list of strings, each of one form. */
export function TextList(options: TextListOptions): PropertyDecorator {
  const { min = 0, max, item, rule: form, optional = false, example, format, ...documentation } = options;
  return applyDecorators(
    bodyField({
      optional,
      refusalOf: (value) => {
        if (!Array.isArray(value) || value.length < min || value.length > max)
          return { rule: 'list', params: { min, max } };
        if (!value.every((text) => typeof text === 'string')) return { rule: 'strings' };
        return value.every(item) ? undefined : { rule: form };
      },
    }),
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
    bodyField({
      optional: false,
      refusalOf: (value) =>
        typeof value === 'string' && choices.includes(value)
          ? undefined
          : { rule: 'choice', params: { choices: choices.join(', ') } },
    }),
    ApiProperty({ ...documentation, type: String, enum: [...choices], example: choices[0] }),
  );
}

function hasCodePoints(value: string, min: number, max: number): boolean {
  // Counting code points costs a pass, so the cheap bound on code units comes first.
  if (value.length < min || value.length > 2 * max) return false;
  const count = codePoints(value, max);
  return count >= min && count <= max;
}
