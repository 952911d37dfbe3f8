import { describe, expect, it } from 'vitest';
import { sha256Base64url } from './digest.js';
import { isUuid, newId, randomToken } from './random.js';

describe('randomToken', () => {
  it('is unpadded base64url of as many bytes as asked for', () => {
    expect(randomToken(32)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(randomToken(32), 'base64url')).toHaveLength(32);
  });

  it('does not repeat', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => randomToken(16))).size).toBe(1_000);
  });
});

describe('sha256Base64url', () => {
  it('is SHA-256 of the UTF-8 bytes', () => {
    expect(sha256Base64url('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
    expect(sha256Base64url('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
  });
});

describe('isUuid', () => {
  it('knows the ids that we issue', () => {
    for (let i = 0; i < 100; i++) expect(isUuid(newId())).toBe(true);
  });

  it('takes a UUID of any version for an id', () => {
    expect(isUuid('00000000-0000-0000-0000-000000000000')).toBe(true);
    expect(isUuid('019a8f1c-2b3d-7e4f-8a5b-6c7d8e9f0a1b')).toBe(true);
  });

  it.each([
    ['upper case', '6F0F2A7E-3B1C-4D5E-8F90-A1B2C3D4E5F6'],
    ['braces', '{6f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6}'],
    ['no hyphens', '6f0f2a7e3b1c4d5e8f90a1b2c3d4e5f6'],
    ['a trailing newline', '6f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6\n'],
    ['a leading blank', ' 6f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6'],
    ['full-width digits', '６f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6'],
    ['nothing', ''],
    ['a number', 7],
    ['an array of one', ['6f0f2a7e-3b1c-4d5e-8f90-a1b2c3d4e5f6']],
    ['null', null],
  ])('refuses %s', (_name, value) => {
    expect(isUuid(value)).toBe(false);
  });
});
