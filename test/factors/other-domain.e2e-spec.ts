import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addConfig } from '../../src/cli/config.ts';
import { Administration } from '../support/administration.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { enrol, WITH_PASSKEYS } from '../support/passkeys.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: WITH_PASSKEYS });
  const admin = await Administration.of(app);
  const person = await admin.person();
  await enrol(app, person);
  await enrol(app, person);
});
afterAll(() => app.close());

/** What `config check` writes in this process, with these settings. */
async function check(env: Record<string, string>): Promise<string> {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const program = new Command();
  addConfig(program, { ...app.testDatabase.env, ...env });
  try {
    await program.parseAsync(['config', 'check'], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return written.join('');
}

describe('config check', () => {
  it('counts the passkeys that a change of the domain takes away', async () => {
    const moved = { WEBAUTHN_RP_ID: 'example.com', WEBAUTHN_ORIGINS: 'https://example.com' };
    expect(await check(moved)).toBe(
      'Warning: 2 passkeys were made for another WEBAUTHN_RP_ID, and do not work with this one.\n' +
        'The settings are fine (trial).\n',
    );
    expect(await check({})).toBe('The settings are fine (trial).\n');
  });

  it('needs no database', async () => {
    expect(await check({ DATABASE_URL: 'mysql://nobody@127.0.0.1:1/none' })).toBe(
      'The settings are fine (trial).\n',
    );
  });
});
