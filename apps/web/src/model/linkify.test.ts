import { describe, expect, test } from 'bun:test';
import { linkify } from './linkify.ts';

const links = (text: string) => linkify(text).flatMap((piece) => (piece.kind === 'link' ? [piece.text] : []));

describe('linkify', () => {
  test('text without an address stays one piece', () => {
    expect(linkify('one\n two')).toEqual([{ kind: 'text', text: 'one\n two' }]);
    expect(linkify('')).toEqual([]);
  });

  test('the pieces together are the text, to the character', () => {
    const text = 'See (https://example.org/a_(b)), then http://x.test?q=1&r=2. Done…\n\nhttps://y.test/\n';
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
    expect(links(text)).toEqual(['https://example.org/a_(b)', 'http://x.test?q=1&r=2', 'https://y.test/']);
  });

  test.each([
    ['(https://a.test)', 'https://a.test'],
    ['[https://a.test/x].', 'https://a.test/x'],
    ['https://a.test/x!?', 'https://a.test/x'],
    ['HTTPS://A.test/Ü', 'HTTPS://A.test/Ü'],
    ['"https://a.test/x"', 'https://a.test/x'],
  ])('%p links %p', (text, address) => expect(links(text)).toEqual([address]));

  test.each([
    'javascript:alert(1)',
    'data:text/html,<script>1</script>',
    'https://',
    'xhttps://a.test is a word',
    'ftp://a.test',
    'www.a.test',
  ])('%p is no link', (text) => expect(links(text)).toEqual([]));

  test('characters that reverse the writing direction end an address', () => {
    expect(links('https://a.test/\u202egro.elpmaxe')).toEqual(['https://a.test/']);
  });

  test('the address that is opened is the parsed one', () => {
    const [piece] = linkify('https://a.test/a b');
    expect(piece).toEqual({ kind: 'link', text: 'https://a.test/a', href: 'https://a.test/a' });
  });
});
