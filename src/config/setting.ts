import { z } from 'zod';

/** What the environment, the messages and docs/configuration.md know of a setting. */
export interface Setting {
  /** The variable of the environment. */
  readonly name: string;
  /** What is taken, as the end of "must be …". */
  readonly accepts: string;
  /** The text that counts while none is given. */
  readonly fallback?: string;
  /** The text that counts in production instead. */
  readonly production?: string;
  /** Production has no default, and must be given something like this. */
  readonly example?: string;
  /** What holds while none is given and there is no default, for the documentation. */
  readonly unset?: string;
  /** What the setting is. */
  readonly meaning: string;
  /** What changes for people when it is changed. */
  readonly effect: string;
  /** A secret's value never appears in a message. */
  readonly secret?: boolean;
}

type About = Pick<Setting, 'production' | 'example' | 'meaning' | 'effect' | 'secret'>;

const settings = z.registry<Setting>();

/** What a text of the environment becomes. */
type Kind<T> = z.ZodType<T, string>;

/** Declares a setting that always has a value. */
export function setting<T>(name: string, kind: Kind<T>, fallback: string, about: About): Kind<T> {
  return kind.register(settings, { name, accepts: kind.description ?? '', fallback, ...about });
}

/** Declares a setting that may stay unset. */
export function optional<T>(name: string, kind: Kind<T>, unset: string, about: About) {
  return kind.optional().register(settings, { name, accepts: kind.description ?? '', unset, ...about });
}

/** @throws Error for a schema that was not declared by `setting` or `optional` */
export function settingOf(schema: z.core.$ZodType): Setting {
  const declared = settings.get(schema);
  if (declared === undefined) throw new Error('A slice has a field that is not declared as a setting.');
  return declared;
}
