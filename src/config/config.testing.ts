import { ConfigError, loadConfig, type ConfigChecks } from './config.js';

/** What stops a start with this environment; empty when nothing does. */
export function problemsOf(env: NodeJS.ProcessEnv, checks?: ConfigChecks): readonly string[] {
  try {
    loadConfig(env, checks);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
