import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderConfigurationDoc } from './configuration-doc.js';
import { settingNames } from './config.js';

describe('docs/configuration.md', () => {
  it('says what the code says', () => {
    const written = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    expect(written === renderConfigurationDoc(), 'docs/configuration.md is stale: run "npm run docs"').toBe(
      true,
    );
  });

  it.each(settingNames)('has one row for %s', (name) => {
    const rows = renderConfigurationDoc()
      .split('\n')
      .filter((line) => line.startsWith(`| \`${name}\``));
    expect(rows).toHaveLength(1);
  });
});
