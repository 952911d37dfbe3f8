import { ConfigError, loadConfig } from './config.js';

/** What stops a start with this environment; empty when nothing does. */
export function problemsOf(...given: Parameters<typeof loadConfig>): readonly string[] {
  try {
    loadConfig(...given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
