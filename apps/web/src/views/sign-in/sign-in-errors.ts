import { ChatError } from '@confab/client';
import { errorText } from '../../model/error-text.ts';
import { limits } from '../../model/limits.ts';
import { text } from '../../text.ts';

export interface SignInValues {
  readonly username: string;
  readonly displayName: string;
  readonly password: string;
}

export type SignInMode = 'log_in' | 'register';

/** What is wrong, by field; `form` is what belongs to none. */
export type SignInErrors = Partial<Record<keyof SignInValues | 'form', string>>;

const USERNAME = /^[\p{L}\p{N}_.'-]+$/u;

/** What can be said before the server is asked. Logging in checks nothing but presence: rules change, old accounts stay. */
export function checkSignIn(mode: SignInMode, { username, password }: SignInValues): SignInErrors {
  const errors: SignInErrors = {};
  const name = username.trim();
  if (name === '') errors.username = text.signIn.needUsername;
  if (password === '') errors.password = text.signIn.needPassword;
  if (mode === 'log_in') return errors;
  if (name !== '') {
    const length = Array.from(name).length;
    if (!USERNAME.test(name)) errors.username = text.signIn.usernameCharacters;
    else if (length < limits.usernameCharactersMin) errors.username = text.signIn.usernameTooShort;
    else if (length > limits.usernameCharactersMax) errors.username = text.signIn.usernameTooLong;
  }
  if (password !== '') {
    const missing = limits.passwordCharactersMin - Array.from(password).length;
    if (missing > 0) errors.password = text.signIn.passwordTooShort(missing);
    else if (password.length > limits.passwordCharactersMax) errors.password = text.signIn.passwordTooLong;
  }
  return errors;
}

/** The server's refusal at the field it is about. */
export function signInErrorsOf(thrown: unknown): SignInErrors {
  if (!(thrown instanceof ChatError)) return { form: errorText(thrown) };
  switch (thrown.code) {
    case 'username_taken':
      return { username: text.signIn.usernameTaken };
    case 'invalid_credentials':
      return { password: text.signIn.wrongPassword };
    case 'forbidden':
      return { form: text.signIn.closed };
    case 'invalid': {
      // The server names the first bad field: "Field password must ...".
      const field = /^Field (username|password|displayName)\b/.exec(thrown.message)?.[1];
      return { [field ?? 'form']: thrown.message };
    }
    default:
      return { form: errorText(thrown) };
  }
}
