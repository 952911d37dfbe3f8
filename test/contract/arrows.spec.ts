import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { wrongArrows } from './arrows.ts';

let root = '';
afterEach(() => rmSync(root, { recursive: true, force: true }));

function project(files: Record<string, string>): string {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-arrows-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

describe('the arrows between the folders of src/', () => {
  it('all point down', () => {
    root = '';
    expect(wrongArrows(process.cwd())).toEqual([]);
  });

  it('may not point up, sideways or to the program', () => {
    const wrong = wrongArrows(
      project({
        'src/users/users.ts': "import { open } from '../auth/auth.js';\nimport '../sessions/sessions.js';",
        'src/sessions/sessions.ts': "import type { Token } from '../tokens/tokens.js';",
        'src/platform/http.ts': "const app = await import('../app.js');",
        'src/app.ts': "import './users/users.js';",
      }),
    );
    expect(wrong).toEqual([
      'src/platform/http.ts imports app.js',
      'src/sessions/sessions.ts imports tokens/tokens.js',
      'src/users/users.ts imports auth/auth.js',
    ]);
  });

  it('may not begin or end at a folder without a row', () => {
    expect(
      wrongArrows(
        project({ 'src/helpers/text.ts': '', 'src/users/a.ts': "export * from '../helpers/text.js';" }),
      ),
    ).toEqual([
      'src/helpers has no row in test/contract/arrows.ts',
      'src/users/a.ts imports helpers/text.js',
    ]);
  });
});
