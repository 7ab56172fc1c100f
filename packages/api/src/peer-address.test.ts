import { describe, expect, test } from 'bun:test';
import { addressOf, isLoopback, plainAddress, rateKeyOf, trustedProxiesOf } from './peer-address.ts';

const trusted = trustedProxiesOf(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);

describe('the address of a peer', () => {
  test('is that of the socket where no trusted proxy speaks', () => {
    expect(addressOf('203.0.113.9', '198.51.100.1', trusted)).toBe('203.0.113.9');
    expect(addressOf('127.0.0.1', null, trusted)).toBe('127.0.0.1');
    expect(addressOf('127.0.0.1', '198.51.100.1', trustedProxiesOf([]))).toBe('127.0.0.1');
  });

  test('is the last one that a trusted proxy wrote', () => {
    expect(addressOf('127.0.0.1', '198.51.100.1', trusted)).toBe('198.51.100.1');
    expect(addressOf('::ffff:127.0.0.1', '198.51.100.1, 10.1.2.3', trusted)).toBe('198.51.100.1');
    // Whatever the peer wrote itself stands to the left of what the proxies saw.
    expect(addressOf('127.0.0.1', '1.2.3.4, 198.51.100.1', trusted)).toBe('198.51.100.1');
    expect(addressOf('fd00::1', '2001:db8::7', trusted)).toBe('2001:db8::7');
  });

  test('is the proxy itself where the list is nonsense', () => {
    expect(addressOf('127.0.0.1', 'unknown', trusted)).toBe('127.0.0.1');
    expect(addressOf('127.0.0.1', '', trusted)).toBe('127.0.0.1');
    expect(addressOf('127.0.0.1', '1.1.1.1,'.repeat(100), trusted)).toBe('127.0.0.1');
    expect(addressOf('127.0.0.1', '198.51.100.1, x, 10.1.2.3', trusted)).toBe('10.1.2.3');
  });

  test('entries of the list are addresses or networks', () => {
    for (const entry of ['', 'localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/', '::/129', '1.2.3']) {
      expect(() => trustedProxiesOf([entry])).toThrow('no IP address');
    }
  });
});

describe('what rate limits count by', () => {
  test('is the address, or the network that one subscriber has', () => {
    expect(rateKeyOf('203.0.113.9')).toBe('203.0.113.9');
    expect(rateKeyOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(rateKeyOf('2001:0db8:0001:2::9')).toBe('2001:db8:1:2');
    expect(rateKeyOf('2001:db8::1')).toBe('2001:db8:0:0');
    expect(rateKeyOf('::1')).toBe('0:0:0:0');
    expect(rateKeyOf('fe80::1%eth0')).toBe('fe80:0:0:0');
  });
});

test('this machine is known by all its names', () => {
  expect(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true);
  expect(['127.example.org', '1.127.0.0', '::2', '::ffff:10.0.0.1', ''].some(isLoopback)).toBe(false);
  expect(plainAddress('::FFFF:10.0.0.1')).toBe('10.0.0.1');
});
