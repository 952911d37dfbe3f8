import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { declare, Refused, tokenSource, Unavailable } from '../src/index.ts';
import { start } from './scene.ts';
import { KEY } from './stand-in.ts';

const RENEW = '/tokens/renew_access';

describe('a token source', () => {
  it('asks once for all, and again 60 seconds before the end', async () => {
    const { gatehouse, clock } = await start();
    const token = tokenSource({ url: gatehouse.url, key: KEY, now: clock.now });
    const all = await Promise.all(Array.from({ length: 50 }, () => token()));
    expect(new Set(all).size).toBe(1);
    clock.advance(900 - 63);
    expect(await token.get()).toBe(all[0]);
    clock.advance(5);
    expect(await token.get()).not.toBe(all[0]);
    expect(gatehouse.count(RENEW)).toBe(2);
  });

  it('hands out the old one in a short outage, until its end', async () => {
    const { gatehouse, clock } = await start();
    const token = tokenSource({ url: gatehouse.url, key: KEY, now: clock.now });
    const first = await token();
    await gatehouse.stop();
    clock.advance(900 - 30);
    expect(await token()).toBe(first);
    clock.advance(30);
    await expect(token()).rejects.toBeInstanceOf(Unavailable);
    await gatehouse.start();
    expect(await token()).not.toBe(first);
  });

  it('says when its key is not accepted', async () => {
    const { gatehouse } = await start();
    const token = tokenSource({ url: gatehouse.url, key: 'gatehouse_key_of_nobody' });
    await expect(token()).rejects.toBeInstanceOf(Refused);
  });
});

describe('declare', () => {
  it('tells what it did', async () => {
    const { gatehouse } = await start();
    const permissions = [{ code: 'orders:read', description: { en: 'Read orders' } }];
    const done = await declare({ url: gatehouse.url, key: KEY, application: 'shop', permissions });
    expect(done).toMatchObject({ added: 1, retired: 0, codesAdded: ['x'], codesRetired: [] });
  });

  it('fails with the number of Gatehouse', async () => {
    const { gatehouse } = await start();
    const options = { url: gatehouse.url, key: KEY, application: 'sh/op', permissions: [] };
    await expect(declare(options)).rejects.toMatchObject({ name: 'CallFailed', status: 404, code: 10003 });
  });
});

describe('the command', () => {
  const run = promisify(execFile);
  const cli = join(import.meta.dirname, '../src/cli.ts');

  async function file(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-verify-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'gatehouse.permissions.json');
    await writeFile(path, text);
    return path;
  }

  it('declares what a file lists', async () => {
    const { gatehouse } = await start();
    const path = await file('{"application":"shop","permissions":[{"code":"orders:read"},{"code":"a:b"}]}');
    const env = { ...process.env, GATEHOUSE_URL: gatehouse.url, GATEHOUSE_KEY: KEY };
    const { stdout } = await run(process.execPath, [cli, 'declare', path], { env });
    expect(stdout).toBe('shop: 2 added, 0 changed, 0 retired, 0 unchanged\n');
  });

  it.each([
    ['no application', '{"permissions":[]}', /"application" and "permissions" are expected/],
    ['no JSON', 'application: shop', /JSON/],
    ['another application', '{"application":"other","permissions":[]}', /404, code 10003/],
  ])('fails with one line: %s', async (_name, text, line) => {
    const { gatehouse } = await start();
    const env = { ...process.env, GATEHOUSE_URL: gatehouse.url, GATEHOUSE_KEY: KEY };
    const failed = run(process.execPath, [cli, 'declare', await file(text)], { env });
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(line) });
    expect(gatehouse.count('/applications/shop/permissions')).toBe(0);
  });
});
