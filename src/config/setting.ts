import { z } from 'zod';
import type { Kind } from './kinds.js';

/** The parts of docs/configuration.md, in their order there. */
export const GROUPS = [
  'Service',
  'HTTP',
  'Database',
  'Tokens',
  'Sessions',
  'Audit',
  'Passwords and hashing',
  'Attempt limits',
  'First administrator',
] as const;

/** The text that stands in for an unset setting. With an `example`, only a trial has one and production must choose. */
export type Default =
  | string
  | { readonly trial: string; readonly production: string }
  | { readonly trial: string; readonly example: string };

interface Description {
  readonly group: (typeof GROUPS)[number];
  /** What the setting is. */
  readonly meaning: string;
  /** What changes for people when it is changed. */
  readonly effect: string;
  /** A secret's value never appears in a message. */
  readonly secret?: boolean;
}

export interface Notes extends Description {
  readonly default?: Default;
  /** What holds while the setting is unset and has no default, for the documentation. */
  readonly unset?: string;
}

const notes = z.registry<Notes>();

/** Declares a setting that always has a value. */
export function setting<T>(type: Kind<T>, about: Description & { readonly default: Default }): Kind<T> {
  notes.add(type, about);
  return type;
}

/** Declares a setting that may stay unset. */
export function optional<T>(
  type: Kind<T>,
  about: Description & { readonly unset: string },
): z.ZodOptional<Kind<T>> {
  const schema = type.optional().describe(type.description ?? '');
  notes.add(schema, about);
  return schema;
}

/** @throws Error for a schema that was not declared with `setting` or `optional` */
export function notesOf(schema: z.ZodType): Notes {
  const found = notes.get(schema);
  if (found === undefined) throw new Error('A setting is declared without its notes.');
  return found;
}

export function defaultOf(schema: z.ZodType, production: boolean): string | undefined {
  const { default: given } = notesOf(schema);
  if (given === undefined || typeof given === 'string') return given;
  if (!production) return given.trial;
  return 'production' in given ? given.production : undefined;
}

/** Some valid text for a setting whose own is refused, so that the checks after it can still run. */
export function standInOf(schema: z.ZodType): string | undefined {
  return defaultOf(schema, false);
}
