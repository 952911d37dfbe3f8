import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderConfigurationPage } from '../../scripts/configuration-page.ts';
import { slices } from '../../src/config/config.ts';

const page = renderConfigurationPage(Object.values(slices));

describe('docs/configuration.md', () => {
  it('says what the code says', () => {
    const written = readFileSync('docs/configuration.md', 'utf8');
    expect(written === page, 'docs/configuration.md is stale: run "npm run docs"').toBe(true);
  });

  it.each(Object.values(slices).flatMap(({ settings }) => settings))('has one row for $name', ({ name }) => {
    expect(page.split('\n').filter((line) => line.startsWith(`| \`${name}\``))).toHaveLength(1);
  });
});
