import { z } from 'zod';
import type { Kind } from './kinds.js';

interface Meaning {
  /** What the setting is. */
  readonly meaning: string;
  /** What changes for people when it is changed. */
  readonly effect: string;
  /** A secret's value never appears in a message. */
  readonly secret?: boolean;
}

/** The text that stands in for an unset setting. With an `example`, only a trial has one and production must choose. */
type Default =
  | string
  | { readonly trial: string; readonly production: string }
  | { readonly trial: string; readonly example: string };

export interface Setting extends Meaning {
  /** The variable of the environment. */
  readonly name: string;
  /** What is taken, as the end of "must be …". */
  readonly accepts: string;
  /** As an operator would write it; it passes through the same check. */
  readonly default?: Default;
  /** What holds while the setting is unset and has no default, for the documentation. */
  readonly unset?: string;
}

const settings = z.registry<Setting>();

/** Declares a setting that always has a value. */
export function setting<T>(name: string, kind: Kind<T>, byDefault: Default, meaning: Meaning): Kind<T> {
  return kind.register(settings, { name, accepts: kind.description ?? '', default: byDefault, ...meaning });
}

/** Declares a setting that may stay unset. */
export function optional<T>(name: string, kind: Kind<T>, unset: string, meaning: Meaning) {
  return kind.optional().register(settings, { name, accepts: kind.description ?? '', unset, ...meaning });
}

/** The setting behind each field of a schema, in their order. */
export function settingsOf(schema: z.ZodObject): ReadonlyMap<string, Setting> {
  const found = Object.entries(schema.shape).flatMap(([field, one]) => {
    const declared = settings.get(one);
    return declared === undefined ? [] : [[field, declared] as const];
  });
  return new Map(found);
}

/** The text that stands in for a setting which is not given. */
export function defaultOf({ default: given }: Setting, production: boolean): string | undefined {
  if (given === undefined || typeof given === 'string') return given;
  if (!production) return given.trial;
  return 'production' in given ? given.production : undefined;
}
