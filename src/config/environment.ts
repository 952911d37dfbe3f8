import { z } from 'zod';
import { readNamedFile } from './named-file.js';
import { defaultOf, settingsOf, type Setting } from './setting.js';

/** The settings of one slice, and their heading in docs/configuration.md. */
export interface Section<S extends z.ZodObject> {
  readonly title: string;
  readonly schema: S;
  /** Where a password or a whole URL easily lands in the variable beside its own, no value is quoted. */
  readonly besideSecrets?: boolean;
}

/** The variables of the environment, and all that is wrong with them, gathered so that one start tells everything. */
export class Environment {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly production: boolean;
  private readonly refused = new Set<string>();

  constructor(readonly variables: NodeJS.ProcessEnv = process.env) {
    this.production = this.textOf('NODE_ENV') === 'production';
  }

  /** Whether the operator gave it, well or badly; else it is a default. */
  isGiven(name: string): boolean {
    return isSet(this.variables[name]) || isSet(this.variables[`${name}_FILE`]);
  }

  /** @param sentence continues after the setting's name: what is wrong and the way out, never a secret */
  refuse(name: string, sentence: string): void {
    const problem = `${name} ${sentence}.`;
    this.refused.add(name);
    if (!this.problems.includes(problem)) this.problems.push(problem);
  }

  /** @param sentence whole, without a secret */
  warn(sentence: string): void {
    this.warnings.push(sentence);
  }

  /** False once one of them was refused: a rule that compares them would then blame a stand-in value. */
  trusts(...names: readonly string[]): boolean {
    return names.every((name) => !this.refused.has(name));
  }

  /** Reads each setting of a slice. Some valid value stands in for one that is refused, so that the rest can be judged. */
  read<S extends z.ZodObject>({ schema, besideSecrets = false }: Section<S>): z.output<S> {
    const settings = settingsOf(schema);
    const texts = new Map<string, string | undefined>();
    for (const [field, setting] of settings) {
      const text = this.textOf(setting.name) ?? defaultOf(setting, this.production);
      texts.set(field, this.trusts(setting.name) ? text : defaultOf(setting, false));
    }
    const result = schema.safeParse(Object.fromEntries(texts));
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) {
      const field = String(path[0]);
      const setting = settings.get(field);
      if (setting === undefined || !this.trusts(setting.name)) continue;
      this.refuse(setting.name, this.sentence(setting, texts.get(field), message, besideSecrets));
      texts.set(field, defaultOf(setting, false));
    }
    return schema.parse(Object.fromEntries(texts));
  }

  private sentence(setting: Setting, text: string | undefined, message: string, unquoted: boolean): string {
    const { name, default: given, secret = false } = setting;
    if (text === undefined && typeof given === 'object' && 'example' in given) {
      return `must be set in production, for example to ${given.example}`;
    }
    // The content of a file is not quoted: it may be a secret mounted under the wrong name.
    const quotable = isSet(this.variables[name]) && !secret && !unquoted;
    return quotable ? `${message} (it is ${excerpt(text ?? '')})` : message;
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

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unreadable';
  return 'code' in error ? String(error.code) : error.message;
}
