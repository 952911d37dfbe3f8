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

interface Notes extends Description {
  readonly default?: Default;
  /** What holds while the setting is unset and has no default, for the documentation. */
  readonly unset?: string;
}

/** A setting that reads as `T`; one that may stay unset reads as `T | undefined`. */
export interface Setting<T> extends Notes {
  readonly kind: Kind<T>;
}

/** Declares a setting that always has a value. */
export function setting<T>(kind: Kind<T>, about: Description & { readonly default: Default }): Setting<T> {
  return { kind, ...about };
}

/** Declares a setting that may stay unset. */
export function optional<T>(
  kind: Kind<T>,
  about: Description & { readonly unset: string },
): Setting<T | undefined> {
  return { kind, ...about };
}

/** The text that stands in for a setting which is not given. */
export function defaultOf({ default: given }: Notes, production: boolean): string | undefined {
  if (given === undefined || typeof given === 'string') return given;
  if (!production) return given.trial;
  return 'production' in given ? given.production : undefined;
}
