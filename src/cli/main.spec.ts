import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from './main.js';

/** What somebody might type who takes an argument for the place of a password. */
const CANARY = 'canary-hunter2';

const COMMANDS = [
  '',
  'migrate',
  'migrate up',
  'migrate down',
  'migrate status',
  'admin',
  'admin create somebody',
  'users',
  'users reset-password somebody',
  'sessions',
  'sessions revoke somebody',
  'applications',
  'applications declare file.json',
  'mail',
  'mail list',
  'mail retry some-id',
  'mail test somebody@example.com',
  'seed --users 1',
  'keys',
  'keys generate',
  'keys rotate',
  'keys retire some-kid',
  'keys retire some-kid --use enc',
  'keys list',
  'keys import-pem folder',
  'config',
  'config check',
  'openapi',
];

describe('an operator command', () => {
  let written = '';
  beforeEach(() => {
    written = '';
    const write = (text: string | Uint8Array) => {
      written += String(text);
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(write);
    vi.spyOn(process.stderr, 'write').mockImplementation(write);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  async function run(...args: readonly string[]): Promise<number | string | undefined> {
    process.exitCode = undefined;
    written = '';
    await runCli(['node', 'gatehouse', ...args]);
    return process.exitCode ?? undefined;
  }

  it.each(COMMANDS)('"%s" never prints what it was given beyond what it takes', async (command) => {
    const words = command.split(' ').filter((word) => word !== '');
    const excesses = [
      [CANARY],
      [CANARY, `${CANARY}-2`],
      [`--${CANARY}`],
      [`--password=${CANARY}`],
      [`-${CANARY}`],
      ['--', CANARY],
      [`--force=${CANARY}`, `--all=${CANARY}`],
    ];
    for (const excess of excesses) {
      expect(await run(...words, ...excess), excess.join(' ')).toBe(1);
      expect(written).not.toContain('canary');
      expect(written.trimEnd().split('\n'), written).toHaveLength(1);
      expect(written).toContain('--help');
    }
  });

  it('never prints a value that its option does not take, nor text that names nobody', async () => {
    for (const option of ['--users', '--sessions']) {
      expect(await run('seed', '--users', '1', option, CANARY)).toBe(1);
      expect(written).toBe(`${option} must be a whole number.\n`);
    }
    for (const words of [
      ['users', 'reset-password'],
      ['sessions', 'revoke'],
    ]) {
      expect(await run(...words, `${CANARY}!`)).toBe(1);
      expect(written).toBe('That is no user name, e-mail address or phone number.\n');
    }
  });

  it('says what is missing', async () => {
    expect(await run('admin', 'create')).toBe(1);
    expect(written).toBe("missing required argument 'username'\n");
    expect(await run('seed')).toBe(1);
    expect(written).toBe("required option '--users <number>' not specified\n");
    expect(await run('seed', '--users')).toBe(1);
    expect(written).toBe("option '--users <number>' argument missing\n");
  });

  it('shows its help, and no more, when it is asked', async () => {
    expect(await run('--help')).toBe(0);
    expect(written).toContain('Usage: gatehouse');
    expect(await run('keys', 'rotate', '--help')).toBe(0);
    expect(written).toContain('--force');
    expect(await run('--version')).toBe(0);
    expect(written).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect(await run('keys'), 'without the word that is missing').toBe(1);
    expect(written).toContain('Usage: gatehouse keys');
  });
});
