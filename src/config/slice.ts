import { registerAs, type ConfigFactoryKeyHost } from '@nestjs/config';
import { z } from 'zod';
import { Environment } from './environment.js';

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

/** A part of the configuration: injected by its `KEY`, typed by `ConfigType<typeof …>`. */
export type Slice<T extends object> = ((environment?: Environment) => Readonly<T>) &
  ConfigFactoryKeyHost<Readonly<T>> & { readonly title: string; readonly settings: readonly Setting[] };

/**
 * @param title heads its settings in docs/configuration.md
 * @param finish makes of the values of the settings what services are given
 */
export function slice<S extends z.core.$ZodShape, T extends object>(
  key: string,
  title: string,
  shape: S,
  finish: (values: z.output<z.ZodObject<S>>, environment: Environment) => T,
): Slice<T> {
  const schema = z.object(shape);
  const read = (environment = new Environment()) => {
    const texts = Object.entries(shape).map(([field, one]) => [field, validText(one, environment)]);
    return finish(schema.parse(Object.fromEntries(texts)), environment);
  };
  return Object.assign(registerAs(key, read), { title, settings: Object.values(shape).map(settingOf) });
}

/** The text of a setting. A trial's default stands in for one that is refused, so that the rest can be judged. */
function validText(schema: z.core.$ZodType, environment: Environment): string | undefined {
  const { name, accepts, fallback, production, example, secret } = settingOf(schema);
  const inProduction = example === undefined ? (production ?? fallback) : undefined;
  const text = environment.textOf(name) ?? (environment.production ? inProduction : fallback);
  if (text === undefined && example !== undefined) {
    environment.refuse(name, `must be set in production, for example to ${example}`);
  }
  const { error } = z.safeParse(schema, text, { error: () => `must be ${accepts}` });
  const quote = secret ? '' : environment.quoteOf(name);
  if (error !== undefined) environment.refuse(name, `${error.issues[0]?.message ?? ''}${quote}`);
  return environment.isRefused(name) ? fallback : text;
}

function settingOf(schema: z.core.$ZodType): Setting {
  const declared = settings.get(schema);
  if (declared === undefined) throw new Error('A slice has a field that is not declared as a setting.');
  return declared;
}
