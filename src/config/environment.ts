import type { Findings } from './findings.js';
import { Refusal } from './kinds.js';
import { readNamedFile } from './named-file.js';
import { defaultOf, GROUPS, type Setting } from './setting.js';
import { settingNames, settings, type SettingName, type Values } from './settings.js';

/** The environment after each setting was read by itself; how settings agree with each other comes later. */
export interface Reading {
  readonly production: boolean;
  readonly values: Values;
  /** Settings that the operator gave, well or badly; all others are defaults. */
  readonly given: ReadonlySet<SettingName>;
}

/** Groups whose values are not quoted: a password or a whole URL easily lands in the variable beside its own. */
const BESIDE_SECRETS = new Set<(typeof GROUPS)[number]>(['Database', 'First administrator']);

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
  const values = settingNames.map((name) => {
    const text = texts.get(name) ?? defaultOf(settings[name], production);
    const value = findings.trusts(name) ? valueOf(name, text, isSet(env[name]), findings) : undefined;
    return [name, findings.trusts(name) ? value : standInOf(settings[name])] as const;
  });
  // Each value was read by the kind that gives it its type.
  return { production, given, values: Object.fromEntries(values) as unknown as Values };
}

/** @param quotable false for the content of a file, which may be a secret mounted under the wrong name */
function valueOf(
  name: SettingName,
  text: string | undefined,
  quotable: boolean,
  findings: Findings,
): unknown {
  const { kind, default: given, secret, group }: Setting<unknown> = settings[name];
  if (text === undefined) {
    if (typeof given === 'object' && 'example' in given) {
      findings.refuse(name, `must be set in production, for example to ${given.example}`);
    }
    return undefined;
  }
  try {
    return kind.read(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const quoted =
      quotable && secret !== true && !BESIDE_SECRETS.has(group) ? ` (it is ${excerpt(text)})` : '';
    findings.refuse(name, `${error.message}${quoted}`);
    return undefined;
  }
}

/** Some valid value for a setting whose own is refused, so that the checks after it can still run. */
function standInOf(setting: Setting<unknown>): unknown {
  const text = defaultOf(setting, false);
  return text === undefined ? undefined : setting.kind.read(text);
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
      .decode(readNamedFile(path))
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
  if (!(error instanceof Error)) return 'unreadable';
  return 'code' in error ? String(error.code) : error.message;
}
