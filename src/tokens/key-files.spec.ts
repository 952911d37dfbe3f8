import { generateKeyPairSync } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  readFile,
  readdir,
  rename,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Periodic } from '../platform/time/periodic.js';
import { keyPath, listKeys } from './key-files.js';
import { generateKeyFile } from './key-rotation.js';
import { SigningKeys } from './signing-keys.js';
import { settingsFor, temporaryFolder } from '../../test/support/tokens/tokens.ts';

const load = async (dir: string) => {
  const keys = new SigningKeys(settingsFor(dir), new Periodic());
  await keys.onModuleInit();
  return keys;
};

/** A folder as the kubelet mounts a Secret: `drwxrwxrwt`, links through `..data`, which is replaced as a whole. */
async function mountSecret(files: Record<string, string>) {
  const dir = await temporaryFolder();
  await chmod(dir, 0o1777);
  let version = 0;
  const update = async (content: Record<string, string>) => {
    const data = `..2026_11_22_0${version++}`;
    await mkdir(join(dir, data), { mode: 0o755 });
    for (const [name, pem] of Object.entries(content)) {
      await writeFile(join(dir, data, name), pem, { mode: 0o644 });
      await symlink(join('..data', name), join(dir, name)).catch(() => undefined);
    }
    await symlink(data, join(dir, '..data_tmp'));
    await rename(join(dir, '..data_tmp'), join(dir, '..data'));
    for (const name of await readdir(dir)) {
      if (!name.startsWith('..') && !(name in content)) await unlink(join(dir, name));
    }
  };
  await update(files);
  return { dir, update };
}

async function pemOf(state: 'current' | 'next') {
  const dir = await temporaryFolder();
  const kid = await generateKeyFile(dir, state);
  return { kid, pem: await readFile(keyPath(dir, state, kid), 'utf8') };
}

describe('a key file that we write', () => {
  it('is 0600 in a folder that is 0700', async () => {
    const dir = join(await temporaryFolder(), 'data', 'keys');
    const kid = await generateKeyFile(dir, 'current');
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    expect((await stat(keyPath(dir, 'current', kid))).mode & 0o777).toBe(0o600);
  });

  it('holds a P-256 key in PKCS#8, under a name that is safe everywhere', async () => {
    const dir = await temporaryFolder();
    const kid = await generateKeyFile(dir, 'next');
    expect(kid).toMatch(/^[0-9a-f]{32}$/);
    expect(await readFile(keyPath(dir, 'next', kid), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it('leaves nothing else behind', async () => {
    const dir = await temporaryFolder();
    const kid = await generateKeyFile(dir, 'current');
    expect(await readdir(dir)).toEqual([`current-${kid}.pem`]);
  });
});

describe('the folder of signing keys', () => {
  it('may be a Kubernetes Secret, and follows its updates', async () => {
    const [first, second] = [await pemOf('current'), await pemOf('next')];
    const { dir, update } = await mountSecret({
      [`current-${first.kid}.pem`]: first.pem,
      [`next-${second.kid}.pem`]: second.pem,
    });
    const keys = await load(dir);
    expect(keys.current().kid).toBe(first.kid);
    await update({ [`current-${second.kid}.pem`]: second.pem, [`previous-${first.kid}.pem`]: first.pem });
    await keys.reread();
    expect(keys.current().kid).toBe(second.kid);
    expect(keys.jwks().keys.map((key) => key.kid)).toEqual([second.kid, first.kid]);
  });

  it('may hold other things', async () => {
    const dir = await temporaryFolder();
    const kid = await generateKeyFile(dir, 'current');
    const others = [
      '.tmp-abc',
      'README',
      'current-.pem',
      'current-a.b.pem',
      `Current-${kid}.pem`,
      `current-${kid}.pem.bak`,
    ];
    for (const name of others) await writeFile(join(dir, name), 'x', { mode: 0o666 });
    expect((await listKeys(dir)).map((key) => key.kid)).toEqual([kid]);
  });

  it('lists the current key, then next and previous ones by age', async () => {
    const dir = await temporaryFolder();
    const previous = await generateKeyFile(dir, 'previous');
    const [younger, older] = [await generateKeyFile(dir, 'next'), await generateKeyFile(dir, 'next')];
    const current = await generateKeyFile(dir, 'current');
    await utimes(keyPath(dir, 'next', older), 1_000, 1_000);
    expect((await listKeys(dir)).map((key) => key.kid)).toEqual([current, older, younger, previous]);
  });
});

describe('refused', () => {
  const refusal = async (dir: string) => {
    try {
      await load(dir);
      return 'accepted';
    } catch (error) {
      return error instanceof Error ? error.message : 'no error';
    }
  };

  it('is a folder that is missing, or is none', async () => {
    const dir = await temporaryFolder();
    expect(await refusal(join(dir, 'missing'))).toMatch(
      /folder of signing keys .*missing cannot be read: ENOENT\./,
    );
    await writeFile(join(dir, 'file'), '');
    expect(await refusal(join(dir, 'file'))).toContain('is no folder');
  });

  it('is a folder without a current key', async () => {
    const dir = await temporaryFolder();
    await generateKeyFile(dir, 'next');
    expect(await refusal(dir)).toBe(`There is no current key (current-<kid>.pem) in ${dir}.`);
  });

  it('is a folder with two current keys, which are both named', async () => {
    const dir = await temporaryFolder();
    const kids = [await generateKeyFile(dir, 'current'), await generateKeyFile(dir, 'current')];
    const message = await refusal(dir);
    expect(message).toContain('more than one current key');
    for (const kid of kids) expect(message).toContain(kid);
  });

  it('is a folder that everybody may write into', async () => {
    const dir = await temporaryFolder();
    await generateKeyFile(dir, 'current');
    await chmod(dir, 0o777);
    expect(await refusal(dir)).toContain(`Everybody may write into the folder of signing keys ${dir}`);
  });

  it('is a key file larger than 64 KiB, which is not read', async () => {
    const dir = await temporaryFolder();
    const current = await generateKeyFile(dir, 'current');
    const path = keyPath(dir, 'next', 'huge');
    const { pem } = await pemOf('next');
    // A key all the same, but for what follows it; and a file that only claims its size and would fill the memory.
    await writeFile(path, pem.padEnd(64 * 1024 + 1, '\n'), { mode: 0o600 });
    for (const size of [64 * 1024 + 1, 2 ** 40]) {
      await truncate(path, size);
      expect(await refusal(dir)).toBe(
        `The key file ${path} is larger than 64 KiB, so it holds more than a key: remove it.`,
      );
    }
    await writeFile(path, pem.padEnd(64 * 1024, '\n'), { mode: 0o600 });
    expect((await load(dir)).publicKey('huge')).toBeDefined();
    expect((await listKeys(dir)).map((key) => key.kid)).toEqual([current, 'huge']);
  });

  it('is a key file that everybody may write to, whatever its state, also behind a link', async () => {
    const dir = await temporaryFolder();
    await generateKeyFile(dir, 'current');
    for (const state of ['next', 'previous'] as const) {
      const path = keyPath(dir, state, await generateKeyFile(dir, state));
      await chmod(path, 0o602);
      expect(await refusal(dir)).toContain(`Everybody may write to the key file ${path}`);
      await chmod(path, 0o600);
    }
    const { kid, pem } = await pemOf('next');
    const target = join(await temporaryFolder(), 'key');
    await writeFile(target, pem);
    await chmod(target, 0o666);
    await symlink(target, keyPath(dir, 'next', kid));
    expect(await refusal(dir)).toContain('Everybody may write to the key file');
  });

  it.runIf(process.geteuid?.() === 0)(
    "is a stranger's file in a sticky folder that is open to all",
    async () => {
      const dir = await temporaryFolder();
      const kid = await generateKeyFile(dir, 'current');
      await chmod(dir, 0o1777);
      expect(await refusal(dir)).toBe('accepted');
      await chown(keyPath(dir, 'current', kid), 65_534, 65_534);
      expect(await refusal(dir)).toContain('belongs to another user');
    },
  );

  it('is a key of another kind, and the text of the file is not told', async () => {
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    const contents = {
      'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pkcs8),
      secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export(pkcs8),
      Ed25519: generateKeyPairSync('ed25519').privateKey.export(pkcs8),
      RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8),
      public: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
        type: 'spki',
        format: 'pem',
      }),
      encrypted: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        ...pkcs8,
        cipher: 'aes-256-cbc',
        passphrase: 'x',
      }),
      text: 'my secret note',
      empty: '',
    };
    for (const content of Object.values(contents)) {
      const dir = await temporaryFolder();
      await writeFile(join(dir, 'current-a.pem'), content, { mode: 0o600 });
      const message = await refusal(dir);
      expect(message).toMatch(/^The key file .*current-a\.pem cannot be used: it holds no .*\.$/);
      expect(message).not.toContain('secret');
    }
  });

  it('is a key file whose halves do not belong together', async () => {
    const [one, other] = [0, 1].map(() =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'der' }),
    );
    if (!one || !other) throw new Error('unreachable');
    // the public point is the last 64 bytes
    const mixed = Buffer.concat([one.subarray(0, -64), other.subarray(-64)]).toString('base64');
    const dir = await temporaryFolder();
    await writeFile(
      join(dir, 'current-a.pem'),
      `-----BEGIN PRIVATE KEY-----\n${mixed.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
      { mode: 0o600 },
    );
    expect(await refusal(dir)).toContain('do not belong together');
  });

  it('is a key in two states, a dangling link and a folder instead of a file, all told at once', async () => {
    const dir = await temporaryFolder();
    const kid = await generateKeyFile(dir, 'current');
    await symlink(keyPath(dir, 'current', kid), keyPath(dir, 'next', kid));
    await symlink('/nowhere/at/all', keyPath(dir, 'previous', 'dangling'));
    await mkdir(keyPath(dir, 'next', 'folder'));
    const message = await refusal(dir);
    expect(message).toContain(`The key ${kid} is both current and next`);
    expect(message).toContain('previous-dangling.pem cannot be read: ENOENT');
    expect(message).toContain('next-folder.pem is no regular file');
  });
});
