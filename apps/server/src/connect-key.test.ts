import { expect, test } from 'bun:test';
import { connectKeyOf } from './connect-key.ts';

const keyOf = connectKeyOf(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
const from = (forwardedFor: string) => new Headers({ 'x-forwarded-for': forwardedFor });

test('connections are counted by the address behind the trusted proxies', () => {
  expect(keyOf(new Headers(), '127.0.0.1')).toBe('127.0.0.1');
  expect(keyOf(from('198.51.100.1'), '203.0.113.9')).toBe('203.0.113.9');
  expect(keyOf(from('1.2.3.4, 198.51.100.1, 10.1.2.3'), '::ffff:127.0.0.1')).toBe('198.51.100.1');
  expect(keyOf(from('unknown'), '127.0.0.1')).toBe('127.0.0.1');
  expect(keyOf(from('198.51.100.1, x, 10.1.2.3'), '127.0.0.1')).toBe('10.1.2.3');
  expect(keyOf(from('1.1.1.1,'.repeat(100)), '127.0.0.1')).toBe('127.0.0.1');
});

test('in IPv6 one subscriber counts once', () => {
  expect(keyOf(from('2001:db8:1:2:3:4:5:6'), 'fd00::1')).toBe('2001:db8:1:2');
  expect(keyOf(new Headers(), '2001:0db8:0001:2::9')).toBe('2001:db8:1:2');
  expect(keyOf(new Headers(), 'fe80::1%eth0')).toBe('fe80:0:0:0');
});

test('an address that is resolved already stays what it is', () => {
  for (const list of [
    '198.51.100.1',
    '1.2.3.4, 198.51.100.1, 10.1.2.3',
    'x, 10.1.2.3',
    '10.1.1.1, 10.1.2.3',
  ]) {
    const [first] = list.split(', ').filter((hop) => keyOf(from(list), '127.0.0.1') === hop);
    expect(keyOf(from(list), first ?? '')).toBe(first ?? 'none');
  }
});
