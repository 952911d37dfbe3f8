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
        'src/cli/main.ts': "import '../app.js';\nimport '../users/users.js';",
      }),
    );
    expect(wrong).toEqual([
      'src/platform/http.ts imports app.js',
      'src/sessions/sessions.ts imports tokens/tokens.js',
      'src/users/users.ts imports auth/auth.js',
    ]);
  });

  it('may not hide in SQL: a module names its own tables', () => {
    const wrong = wrongArrows(
      project({
        'src/sessions/session.entity.ts': "@Entity('sessions')\nexport class Session {}",
        'src/audit/audit.repository.ts': "query('SELECT at FROM events JOIN sessions ON 1');",
        'src/sessions/sessions.repository.ts': "execute('UPDATE sessions SET ended_at = 1');",
        'src/auth/accounts.repository.ts': "query('SELECT id FROM sessions');",
      }),
    );
    expect(wrong).toEqual(['src/audit/audit.repository.ts names the table sessions of src/sessions']);
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
