import { ChatError } from '@confab/client';
import { describe, expect, test } from 'bun:test';
import { text } from '../../text.ts';
import { checkSignIn, signInErrorsOf } from './sign-in-errors.ts';

const values = (username: string, password: string) => ({ username, password, displayName: '' });

describe('before the server is asked', () => {
  test('logging in only wants both fields', () => {
    expect(checkSignIn('log_in', values('', ''))).toEqual({
      username: text.signIn.needUsername,
      password: text.signIn.needPassword,
    });
    expect(checkSignIn('log_in', values('a', 'b'))).toEqual({});
  });

  test.each([
    ['ab', text.signIn.usernameTooShort],
    ['a b c', text.signIn.usernameCharacters],
    ['x'.repeat(33), text.signIn.usernameTooLong],
    ['ada@home', text.signIn.usernameCharacters],
  ])('a new name %p is refused at its field', (name, words) => {
    expect(checkSignIn('register', values(name, 'long enough'))).toEqual({ username: words });
  });

  test('names of any script may register', () => {
    expect(checkSignIn('register', values('Ådá.Łovelace-1', 'long enough'))).toEqual({});
    expect(checkSignIn('register', values('李小龍', 'long enough'))).toEqual({});
  });

  test('a short password says how much is missing', () => {
    expect(checkSignIn('register', values('ada', 'short')).password).toContain('3');
  });
});

describe("the server's refusals", () => {
  test.each([
    [new ChatError('username_taken'), 'username'],
    [new ChatError('invalid_credentials'), 'password'],
    [new ChatError('invalid', 'Field password must have more.'), 'password'],
    [new ChatError('invalid', 'The object is odd.'), 'form'],
    [new ChatError('forbidden'), 'form'],
    [new ChatError('network'), 'form'],
    [new Error('boom'), 'form'],
  ])('%p stands at %p', (error, field) => expect(Object.keys(signInErrorsOf(error))).toEqual([field]));
});
