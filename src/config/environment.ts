import { readFileSync, statSync } from 'node:fs';

/** More than any secret, and than the certificates of every authority. */
const LARGEST_FILE = 1024 * 1024;

/** A password or a whole URL easily lands in the variable beside its own, so the values of these are not quoted. */
const BESIDE_SECRETS = /^(?:DATABASE|BOOTSTRAP_ADMIN|SMTP)_/;

/** The variables of the environment, and all that is wrong with them, gathered so that one start tells everything. */
export class Environment {
  /** What is allowed but probably not meant, one sentence each. */
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
    return Boolean(this.variables[name] || this.variables[`${name}_FILE`]);
  }

  /**
   * Refuses a setting, unless it was refused before.
   *
   * @param sentence continues after the setting's name: what is wrong and the way out, never a secret
   * @param comparedWith settings that the rule looked at too: once one of them was refused, its stand-in would be blamed
   */
  refuse(name: string, sentence: string, comparedWith: readonly string[] = []): void {
    if (![name, ...comparedWith].some((one) => this.isRefused(one))) this.refusals.set(name, sentence);
  }

  /** Whether it was refused, so that its value says nothing. */
  isRefused(name: string): boolean {
    return this.refusals.has(name);
  }

  /** The end of a sentence that repeats a refused value, unless it may hold a secret. */
  quoteOf(name: string): string {
    const text = this.variables[name];
    // The content of a file is not quoted: it may be a secret mounted under the wrong name.
    if (!text || BESIDE_SECRETS.test(name)) return '';
    return ` (it is ${JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)})`;
  }

  /** What the operator gave, in the variable or in the file that `NAME_FILE` names. */
  textOf(name: string): string | undefined {
    const text = this.variables[name];
    const path = this.variables[`${name}_FILE`];
    if (!path) return text || undefined;
    if (text) {
      this.refuse(name, `and ${name}_FILE are both set: keep one of them`);
      return undefined;
    }
    try {
      // Fatal, because replacement characters in a secret would only show as "wrong password" much later.
      const decoder = new TextDecoder('utf-8', { fatal: true });
      const content = decoder.decode(readNamedFile(path)).replace(/\r?\n$/, '');
      if (content !== '') return content;
      this.refuse(name, `is empty: ${name}_FILE names a file without content`);
    } catch (error) {
      // The path is not quoted: it is a secret itself when someone put the value where its file's name belongs.
      this.refuse(name, `cannot be read: ${name}_FILE must name a readable UTF-8 file (${reason(error)})`);
    }
    return undefined;
  }
}

/**
 * Reads a file that an operator names. A pipe would hold the start until somebody writes into it, and a device may have
 * no end, so both are refused.
 *
 * @throws the system's error, or one whose message says what the file is
 */
export function readNamedFile(path: string): Buffer {
  const found = statSync(path);
  // The system has a name for what is wrong with a folder.
  if (!found.isFile() && !found.isDirectory()) throw new Error('it is no regular file');
  if (found.size > LARGEST_FILE) throw new Error('it is larger than 1 MiB');
  return readFileSync(path);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unreadable';
  return 'code' in error ? String(error.code) : error.message;
}
