import type { SettingName } from './settings.js';

/** What is wrong with the environment, gathered so that one start tells it all. */
export class Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  private readonly doubtful = new Set<SettingName>();

  /** @param sentence continues after the setting's name: what is wrong and the way out, never a secret */
  refuse(name: SettingName, sentence: string): void {
    this.doubtful.add(name);
    this.problems.push(`${name} ${sentence}.`);
  }

  /** @param sentence whole, without a secret */
  warn(sentence: string): void {
    this.warnings.push(sentence);
  }

  /** False once one of them was refused: a rule that compares them would then blame a stand-in value. */
  trusts(...names: readonly SettingName[]): boolean {
    return names.every((name) => !this.doubtful.has(name));
  }
}
