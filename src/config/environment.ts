import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { registerAs, type ConfigFactoryKeyHost } from '@nestjs/config';
import { z } from 'zod';
import { settingOf, type Setting } from './setting.js';

/** More than any secret, and than the certificates of every authority. */
const LARGEST_FILE = 1024 * 1024;

/** A password or a whole URL easily lands in the variable beside its own, so the values of these are not quoted. */
const BESIDE_SECRETS = /^(?:DATABASE|BOOTSTRAP_ADMIN)_/;

/** The variables of the environment, and all that is wrong with them, gathered so that one start tells everything. */
export class Environment {
  readonly warnings: string[] = [];
  readonly production: boolean;
  private readonly refusals = new Map<string, string>();

  constructor(readonly variables: NodeJS.ProcessEnv = process.env) {
    this.production = this.textOf('NODE_ENV') === 'production';
  }

  /** One line for each setting that is refused, without any secret. */
  get problems(): string[] {
    return [...this.refusals].map(([name, sentence]) => `${name} ${sentence}.`);
  }

  /** Whether the operator gave it, well or badly; else it is a default. */
  isGiven(name: string): boolean {
    return isSet(this.variables[name]) || isSet(this.variables[`${name}_FILE`]);
  }

  /**
   * Refuses a setting, unless it was refused before.
   *
   * @param sentence continues after the setting's name: what is wrong and the way out, never a secret
   * @param comparedWith settings that the rule looked at too: once one of them was refused, its stand-in would be blamed
   */
  refuse(name: string, sentence: string, comparedWith: readonly string[] = []): void {
    if (![name, ...comparedWith].some((one) => this.refusals.has(one))) this.refusals.set(name, sentence);
  }

  /** Reads the settings of a slice. A trial's default stands in for one that is refused, so that the rest can be judged. */
  read<S extends z.ZodObject>(schema: S): z.output<S> {
    const texts = Object.entries(schema.shape).map(([field, one]) => [field, this.validTextOf(one)]);
    return schema.parse(Object.fromEntries(texts));
  }

  private validTextOf(schema: z.core.$ZodType): string | undefined {
    const setting = settingOf(schema);
    const { name, accepts, fallback, example } = setting;
    const text = this.textOf(name) ?? (this.production ? productionDefault(setting) : fallback);
    if (text === undefined && example !== undefined) {
      this.refuse(name, `must be set in production, for example to ${example}`);
    }
    const { error } = z.safeParse(schema, text, { error: () => `must be ${accepts}` });
    if (error !== undefined) this.refuse(name, this.withQuote(setting, error.issues[0]?.message ?? '', text));
    return this.refusals.has(name) ? fallback : text;
  }

  private withQuote({ name, secret = false }: Setting, sentence: string, text = ''): string {
    // The content of a file is not quoted: it may be a secret mounted under the wrong name.
    const isQuotable = isSet(this.variables[name]) && !secret && !BESIDE_SECRETS.test(name);
    const excerpt = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    return isQuotable ? `${sentence} (it is ${JSON.stringify(excerpt)})` : sentence;
  }

  private textOf(name: string): string | undefined {
    const text = this.variables[name];
    const path = this.variables[`${name}_FILE`];
    if (!isSet(path)) return isSet(text) ? text : undefined;
    if (isSet(text)) {
      this.refuse(name, `and ${name}_FILE are both set: keep one of them`);
      return undefined;
    }
    try {
      // Fatal, because replacement characters in a secret would only show as "wrong password" much later.
      const decoder = new TextDecoder('utf-8', { fatal: true });
      const content = decoder.decode(readNamedFile(path)).replace(/\r?\n$/, '');
      if (isSet(content)) return content;
      this.refuse(name, `is empty: ${name}_FILE names a file without content`);
    } catch (error) {
      // The path is not quoted: it is a secret itself when someone put the value where its file's name belongs.
      this.refuse(name, `cannot be read: ${name}_FILE must name a readable UTF-8 file (${reason(error)})`);
    }
    return undefined;
  }
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
  const read = (environment = new Environment()) => finish(environment.read(schema), environment);
  return Object.assign(registerAs(key, read), { title, settings: Object.values(shape).map(settingOf) });
}

function productionDefault({ fallback, production, example }: Setting): string | undefined {
  return example === undefined ? (production ?? fallback) : undefined;
}

/**
 * Reads a file that an operator names. A pipe would hold the start until somebody writes into it, and a device may have
 * no end, so both are refused.
 *
 * @throws the system's error, or one whose message says what the file is
 */
export function readNamedFile(path: string): Buffer {
  // Without O_NONBLOCK, to open a pipe already waits.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    // A folder is left to the system, which has a name for it.
    if (!found.isFile() && !found.isDirectory()) throw new Error('it is no regular file');
    if (found.size > LARGEST_FILE) throw new Error('it is larger than 1 MiB');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unreadable';
  return 'code' in error ? String(error.code) : error.message;
}
