import { Algorithm, hash as argon2 } from '@node-rs/argon2';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashQueue } from './hash-queue.js';
import { PasswordHasher, type HashCost } from './password-hasher.js';

const cheap: HashCost = { memoryKib: 8, timeCost: 1, parallelism: 1 };
const real: HashCost = { memoryKib: 19_456, timeCost: 2, parallelism: 1 };

const durations: number[] = [];
const queue = new HashQueue({
  concurrency: 1,
  maxWaiting: 1,
  maxWait: 1_000,
  onHashed: (s) => durations.push(s),
});
const place = await queue.reserve();
const hasher = new PasswordHasher(cheap);
const argon2Options = { memoryCost: 8, timeCost: 1, parallelism: 1 };

describe('PasswordHasher', () => {
  it('stores argon2id of the configured cost, salted anew each time', async () => {
    const phc = await new PasswordHasher(real).hash(place, 'gkvmwqzr');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await new PasswordHasher(real).hash(place, 'gkvmwqzr')).not.toBe(phc);
    expect(await new PasswordHasher(real).verify(place, phc, 'gkvmwqzr')).toBe(true);
    expect(await new PasswordHasher(real).verify(place, phc, 'gkvmwqzs')).toBe(false);
  });

  it.each([
    ['256 code points', 'x'.repeat(255)],
    ['1 024 bytes', '\u{1f600}'.repeat(255)],
    ['everything after a NUL', 'pass\0word'],
    ['everything after the 72nd byte', 'é'.repeat(100)],
  ])('counts %s', async (_, start) => {
    const phc = await hasher.hash(place, `${start}a`);
    expect(await hasher.verify(place, phc, `${start}a`)).toBe(true);
    expect(await hasher.verify(place, phc, `${start}b`)).toBe(false);
    expect(await hasher.verify(place, phc, start)).toBe(false);
  });

  it('verifies a password in whichever form it is typed', async () => {
    const phc = await hasher.hash(place, 'pässwörter');
    expect(await hasher.verify(place, phc, 'pa\u0308sswo\u0308rter')).toBe(true);
  });

  it('never takes an unpaired surrogate for another character', async () => {
    const phc = await hasher.hash(place, 'abc\ufffddefgh');
    expect(await hasher.verify(place, phc, 'abc\ud800defgh')).toBe(false);
    await expect(hasher.hash(place, 'abc\ud800defgh')).rejects.toThrow('surrogate');
  });

  it('verifies a hash of an older cost', async () => {
    const phc = await new PasswordHasher({ memoryKib: 64, timeCost: 2, parallelism: 2 }).hash(
      place,
      'gkvmwqzr',
    );
    expect(await hasher.verify(place, phc, 'gkvmwqzr')).toBe(true);
  });

  it('answers false for every damaged or foreign hash', async () => {
    const phc = await hasher.hash(place, 'gkvmwqzr');
    const foreign = [
      '',
      'gkvmwqzr',
      '$argon2id$',
      '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
      phc.slice(0, -1),
      phc.slice(0, -22),
      phc.replace('argon2id', 'argon2i'),
      phc.replace('$v=19', ''),
      phc.replace('t=1', 't=0'),
      phc.replace('m=8', 'm=4294967295'),
      phc.replace('t=1', 't=4294967295'),
      phc.replace('p=1', 'p=255'),
      await argon2('gkvmwqzr', { ...argon2Options, algorithm: Algorithm.Argon2i }),
      await argon2('gkvmwqzr', { ...argon2Options, algorithm: Algorithm.Argon2d }),
      await argon2('gkvmwqzr', { ...argon2Options, outputLen: 4 }),
    ];
    for (const stored of foreign) {
      expect(await hasher.verify(place, stored, 'gkvmwqzr'), stored).toBe(false);
    }
  });

  it('neither throws nor says yes for any altered hash', async () => {
    const phc = await hasher.hash(place, 'gkvmwqzr');
    const altered = fc
      .tuple(fc.nat(phc.length - 1), fc.string({ minLength: 1, maxLength: 3 }), fc.nat(3))
      .map(([at, text, cut]) => phc.slice(0, at) + text + phc.slice(at + cut))
      // Another cost with the same digest is no danger, only slow: the ceiling has its own test.
      .filter((text) => text !== phc && !/[mtp]=\d{3}/.test(text));
    await fc.assert(
      fc.asyncProperty(altered, async (stored) => {
        expect(await hasher.verify(place, stored, 'gkvmwqzs')).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('answers false without a stored hash, at the cost of a real one', async () => {
    const costly = new PasswordHasher({ memoryKib: 19_456, timeCost: 6, parallelism: 1 });
    const phc = await costly.hash(place, 'gkvmwqzr');
    const secondsOf = async (stored: string | undefined, password: string) => {
      durations.length = 0;
      await costly.verify(place, stored, password);
      return durations[0] ?? NaN;
    };
    // The fastest of several, and in turn: what else the machine does then slows both or neither.
    const ratioOf = async (stored: string | undefined, password: string) => {
      const times: [number, number][] = [];
      for (let i = 0; i < 5; i += 1) {
        times.push([await secondsOf(stored, password), await secondsOf(phc, 'gkvmwqzs')]);
      }
      return Math.min(...times.map(([own]) => own)) / Math.min(...times.map(([, base]) => base));
    };
    expect(await costly.verify(place, undefined, 'gkvmwqzr')).toBe(false);
    for (const stored of [undefined, '', 'damaged', phc.replace('argon2id', 'argon2d')]) {
      const ratio = await ratioOf(stored, 'gkvmwqzr');
      expect(ratio).toBeGreaterThan(0.5);
      expect(ratio).toBeLessThan(2);
    }
    expect(await ratioOf(phc, 'abc\ud800defgh')).toBeGreaterThan(0.5);
  });

  it.each([
    [{ memoryKib: 64, timeCost: 2, parallelism: 2 }, false],
    [{ memoryKib: 128, timeCost: 3, parallelism: 3 }, false],
    [{ memoryKib: 63, timeCost: 2, parallelism: 2 }, true],
    [{ memoryKib: 128, timeCost: 1, parallelism: 2 }, true],
    [{ memoryKib: 64, timeCost: 2, parallelism: 1 }, true],
  ])('of a hash of cost %j says that it needs an upgrade: %s', async (cost, expected) => {
    const current = new PasswordHasher({ memoryKib: 64, timeCost: 2, parallelism: 2 });
    expect(current.needsUpgrade(await new PasswordHasher(cost).hash(place, 'gkvmwqzr'))).toBe(expected);
  });

  it('would replace a hash of another algorithm', async () => {
    expect(hasher.needsUpgrade('$2b$10$N9qo8uLOickgx2ZMRZoMye')).toBe(true);
    expect(hasher.needsUpgrade(await argon2('x', { ...argon2Options, algorithm: Algorithm.Argon2i }))).toBe(
      true,
    );
  });
});
