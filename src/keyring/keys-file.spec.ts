import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../test/support/tokens/tokens.ts';
import { lockFile } from '../database/locks.js';
import { ensureCurrentKeys, rotateKeys } from './key-rotation.js';
import { newKey, serializeKeys } from './key-set.js';
import { changeKeys, readKeys } from './keys-file.js';

const now = Date.now();

async function keysFile(): Promise<string> {
  const file = join(await temporaryFolder(), 'keys.json');
  await ensureCurrentKeys(file, { now });
  return file;
}

function problemOf(file: string): string {
  try {
    readKeys(file);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : 'no error';
  }
}

/** Mounts a file of keys as the kubelet does: `drwxrwxrwt`, links through `..data`, which is replaced as a whole. */
async function mountSecret(text: string) {
  const folder = await temporaryFolder();
  await chmod(folder, 0o1777);
  let version = 0;
  const update = async (content: string) => {
    const data = `..2026_11_25_0${version++}`;
    await mkdir(join(folder, data), { mode: 0o755 });
    await writeFile(join(folder, data, 'keys.json'), content, { mode: 0o440 });
    await symlink(data, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await update(text);
  await symlink(join('..data', 'keys.json'), join(folder, 'keys.json'));
  return { file: join(folder, 'keys.json'), update };
}

describe('the file of the keys', () => {
  it('is 0600, in a folder that is made for its owner, and nothing but its lock is beside it', async () => {
    const file = join(await temporaryFolder(), 'data', 'keys.json');
    await ensureCurrentKeys(file, { now });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    expect((await readdir(dirname(file))).toSorted()).toEqual(['keys.json', 'keys.json.lock']);
  });

  it('may be a Kubernetes Secret, and follows its updates', async () => {
    const [first, second] = [newKey('sig', 'current', now), newKey('sig', 'current', now)];
    const { file, update } = await mountSecret(serializeKeys([first]));
    expect(readKeys(file).map(({ kid }) => kid)).toEqual([first.kid]);
    await update(serializeKeys([second]));
    expect(readKeys(file).map(({ kid }) => kid)).toEqual([second.kid]);
  });

  it('stays behind a link when it is changed', async () => {
    const target = await keysFile();
    const link = join(await temporaryFolder(), 'keys.json');
    await symlink(target, link);
    await rotateKeys(link, { now, force: true });
    expect(readKeys(target)).toHaveLength(6);
    expect(await readdir(dirname(link))).toEqual(['keys.json']);
  });

  it('is not touched, nor anything beside it, by a start that finds it complete', async () => {
    const { file } = await mountSecret(
      serializeKeys([newKey('sig', 'current', now), newKey('enc', 'current', now)]),
    );
    expect(await ensureCurrentKeys(file, { now })).toEqual([]);
    expect((await readdir(dirname(file))).toSorted()).toEqual(['..2026_11_25_00', '..data', 'keys.json']);
  });

  it('is none where there is none', async () => {
    expect(readKeys(join(await temporaryFolder(), 'keys.json'))).toEqual([]);
    expect(readKeys('/nowhere/at/all/keys.json')).toEqual([]);
  });
});

describe('refused is a file', () => {
  it('that everybody may write to, also behind a link, whatever the mode of the link', async () => {
    const file = await keysFile();
    await chmod(file, 0o602);
    expect(problemOf(file)).toBe(`Everybody may write to the file of the keys ${file}: chmod o-w it.`);
    const link = join(await temporaryFolder(), 'keys.json');
    await symlink(file, link);
    expect(problemOf(link)).toContain('Everybody may write to');
    await chmod(file, 0o644);
    expect(problemOf(link)).toBe('accepted');
  });

  it.runIf(process.geteuid?.() === 0)(
    'of a stranger, in a folder that everybody may write into',
    async () => {
      const file = await keysFile();
      const link = join(await temporaryFolder(), 'keys.json');
      await symlink(file, link);
      for (const mode of [0o1777, 0o777]) {
        await chown(file, 0, 0);
        await chmod(dirname(file), mode);
        expect(problemOf(file)).toBe('accepted');
        await chown(file, 65_534, 65_534);
        expect(problemOf(file)).toContain('belongs to another user');
        expect(problemOf(link)).toContain('belongs to another user');
      }
    },
  );

  it('larger than 64 KiB, which is not read', async () => {
    const file = await keysFile();
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.padEnd(64 * 1024, '\n'));
    expect(problemOf(file)).toBe('accepted');
    for (const size of [64 * 1024 + 1, 2 ** 40]) {
      await truncate(file, size);
      expect(problemOf(file)).toBe(`The file of the keys ${file} is larger than 64 KiB.`);
    }
  });

  it('that is a folder or a pipe, without waiting for a writer', async () => {
    const folder = await temporaryFolder();
    expect(problemOf(folder)).toBe(`The file of the keys ${folder} is no regular file.`);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(problemOf(pipe)).toBe(`The file of the keys ${pipe} is no regular file.`);
    expect(problemOf('/dev/zero')).toContain('is no regular file');
  });

  it('that cannot be used, which is named with what is wrong, and stays as it is', async () => {
    const file = await keysFile();
    const text = (await readFile(file, 'utf8')).slice(0, 300);
    await writeFile(file, text);
    expect(problemOf(file)).toBe(`The file of the keys ${file} cannot be used. It is no JSON.`);
    await expect(ensureCurrentKeys(file, { now })).rejects.toThrow('cannot be used');
    await expect(rotateKeys(file, { now, force: true })).rejects.toThrow('cannot be used');
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('that would become too large to be read again', async () => {
    const file = await keysFile();
    const many = Array.from({ length: 300 }, () => newKey('enc', 'previous', now));
    await expect(changeKeys(file, (keys) => [...keys, ...many])).rejects.toThrow('retire keys first');
    expect(readKeys(file)).toHaveLength(2);
  });
});

describe('a change of the file', () => {
  it('waits for another one, and a kill −9 of that one frees it', { timeout: 30_000 }, async () => {
    const file = await keysFile();
    const script = `
      const { default: Database } = await import('better-sqlite3');
      const lock = new Database(${JSON.stringify(`${file}.lock`)});
      lock.exec('BEGIN EXCLUSIVE');
      process.stdout.write('locked');
      setInterval(() => lock, 1_000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    // A change that was killed while it wrote leaves this.
    await writeFile(join(dirname(file), '.keys.json.new'), 'half a fi', { mode: 0o600 });
    let done = false;
    const change = rotateKeys(file, { now, force: true }).then(() => (done = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(done).toBe(false);
    holder.kill('SIGKILL');
    await change;
    expect(readKeys(file)).toHaveLength(6);
    expect((await readdir(dirname(file))).toSorted()).toEqual(['keys.json', 'keys.json.lock']);
  });

  it('frees the lock when it fails', async () => {
    const file = await keysFile();
    const failing = changeKeys(file, () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const lock = lockFile(`${file}.lock`);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('loses no key of another one at the same time, and readers find whole files', async () => {
    const file = await keysFile();
    let reading = true;
    const reader = (async () => {
      let read = 0;
      for (; reading; read++) {
        readKeys(file);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return read;
    })();
    const keys = Array.from({ length: 40 }, () => newKey('enc', 'next', now));
    await Promise.all(keys.map((key) => changeKeys(file, (found) => [...found, key])));
    reading = false;
    expect(await reader).toBeGreaterThan(10);
    const kids = new Set(readKeys(file).map(({ kid }) => kid));
    expect(kids.size).toBe(42);
    for (const { kid } of keys) expect(kids).toContain(kid);
  });
});
