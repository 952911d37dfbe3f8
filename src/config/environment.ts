import { readFileSync } from 'node:fs';
import type { Findings } from './findings.js';
import { defaultOf, notesOf, standInOf, type Notes } from './setting.js';
import { environment, settingNames, settings, type SettingName, type Values } from './settings.js';

/** The environment after each setting was read by itself; how settings agree with each other comes later. */
export interface Reading {
  readonly production: boolean;
  readonly values: Values;
  /** Settings that the operator gave, well or badly; all others are defaults. */
  readonly given: ReadonlySet<SettingName>;
}

/** Groups whose values are not quoted: a password or a whole URL easily lands in the variable beside its own. */
const BESIDE_SECRETS = new Set<Notes['group']>(['Database', 'First administrator']);

/** Reads every setting. One that is refused leaves its finding and a stand-in value, so that the rest can be judged. */
export function readEnvironment(env: NodeJS.ProcessEnv, findings: Findings): Reading {
  const given = new Set<SettingName>();
  const texts = new Map<SettingName, string>();
  for (const name of settingNames) {
    if (isSet(env[name]) || isSet(env[`${name}_FILE`])) given.add(name);
    const text = textOf(name, env, findings);
    if (isSet(text)) texts.set(name, text);
  }

  const production = texts.get('NODE_ENV') === 'production';
  const accepted: Partial<Record<SettingName, string>> = {};
  for (const name of settingNames) {
    const schema = settings[name];
    const text = texts.get(name) ?? defaultOf(schema, production);
    if (findings.trusts(name)) judge(name, text, isSet(env[name]), findings);
    accepted[name] = findings.trusts(name) ? text : standInOf(schema);
  }
  return { production, given, values: environment.parse(accepted) };
}

/** @param quotable false for the content of a file, which may be a secret mounted under the wrong name */
function judge(name: SettingName, text: string | undefined, quotable: boolean, findings: Findings): void {
  const notes = notesOf(settings[name]);
  if (text === undefined) {
    if (typeof notes.default === 'object' && 'example' in notes.default) {
      findings.refuse(name, `must be set in production, for example to ${notes.default.example}`);
    }
    return;
  }
  const result = settings[name].safeParse(text);
  if (result.success) return;
  const [issue] = result.error.issues;
  const quoted =
    quotable && notes.secret !== true && !BESIDE_SECRETS.has(notes.group) ? ` (it is ${excerpt(text)})` : '';
  findings.refuse(name, `${issue?.message ?? 'is not valid'}${quoted}`);
}

function textOf(name: SettingName, env: NodeJS.ProcessEnv, findings: Findings): string | undefined {
  const text = env[name];
  const path = env[`${name}_FILE`];
  if (!isSet(path)) return text;
  if (isSet(text)) {
    findings.refuse(name, `and ${name}_FILE are both set: keep one of them`);
    return undefined;
  }
  try {
    // Fatal, because replacement characters in a secret would only show as "wrong password" much later.
    const content = new TextDecoder('utf-8', { fatal: true })
      .decode(readFileSync(path))
      .replace(/\r?\n$/, '');
    if (content === '') findings.refuse(name, `is empty: ${name}_FILE names a file without content`);
    return content;
  } catch (error) {
    // The path is not quoted: it is a secret itself when someone put the value where its file's name belongs.
    findings.refuse(name, `cannot be read: ${name}_FILE must name a readable UTF-8 file (${reason(error)})`);
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
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}
