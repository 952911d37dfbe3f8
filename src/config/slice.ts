import { registerAs, type ConfigFactoryKeyHost } from '@nestjs/config';
import type { z } from 'zod';
import { Environment, type Section } from './environment.js';

/** A part of the configuration: injected by its `KEY`, typed by `ConfigType<typeof …>`. */
export type Slice<T extends object> = ((environment?: Environment) => Readonly<T>) &
  ConfigFactoryKeyHost<Readonly<T>> & { readonly section: Section<z.ZodObject> };

/** @param finish makes of the values of the settings what services are given */
export function slice<S extends z.ZodObject, T extends object>(
  key: string,
  section: Section<S>,
  finish: (values: z.output<S>, environment: Environment) => T,
): Slice<T> {
  const read = (environment = new Environment()): Readonly<T> =>
    finish(environment.read(section), environment);
  return Object.assign(registerAs(key, read), { section });
}
