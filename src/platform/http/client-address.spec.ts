import { describe, expect, it } from 'vitest';
import { belongsTo, clientAddress, isPrivateAddress, networkOf } from './client-address.js';

describe('clientAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:DB8::1]:4711', '2001:db8::1'],
    ['[::ffff:203.0.113.7]:4711', '203.0.113.7'],
    ['[::1]', '::1'],
  ])('writes %s as %s', (claimed, canonical) => {
    expect(clientAddress(claimed, '192.0.2.1')).toBe(canonical);
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    '203.0.113.07',
    "1' OR 1=1",
    '203.0.113.7:',
    '203.0.113.7:port',
    '203.0.113.7:123456',
    '[203.0.113.7:1',
    '[]:1',
    '[::1]:1:2',
    undefined,
  ])('takes the peer where the claim %s is no address', (claimed) => {
    expect(clientAddress(claimed, '::ffff:192.0.2.1')).toBe('192.0.2.1');
  });

  it('is empty when even the peer is unknown', () => {
    expect(clientAddress('', undefined)).toBe('');
    expect(clientAddress(undefined, undefined)).toBe('');
  });
});

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::1:0:0:1:1', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['', ''],
  ])('counts %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('isPrivateAddress', () => {
  it.each(['10.1.2.3', '172.31.0.1', '192.168.1.1', '127.0.0.1', '100.64.0.1', '::1', 'fd00::1', 'fe80::1'])(
    'says yes to %s',
    (address) => expect(isPrivateAddress(address)).toBe(true),
  );
  it.each(['203.0.113.7', '172.32.0.1', '2001:db8::1', ''])('says no to "%s"', (address) =>
    expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('belongsTo', () => {
  const isProxy = belongsTo(['10.1.0.0/16', '192.0.2.1', '2001:db8::/32']);
  it.each(['10.1.2.3', '10.1.2.3:80', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8::5', '[2001:db8::5]:443'])(
    'says yes to %s',
    (address) => expect(isProxy(address)).toBe(true),
  );
  it.each(['10.2.0.1', '192.0.2.2', '2001:db9::1', 'unknown', '', undefined])('says no to %s', (address) =>
    expect(isProxy(address)).toBe(false),
  );
});
