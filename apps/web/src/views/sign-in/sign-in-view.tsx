import type { SignedOutReason } from '@confab/client';
import { useClient } from '@confab/client/react';
import { type FormEvent, type RefObject, useRef, useState } from 'react';
import { Form } from 'react-aria-components';
import { limits } from '../../model/limits.ts';
import { useRouter } from '../../routing/navigation.tsx';
import { text } from '../../text.ts';
import { Button } from '../../ui/button.tsx';
import { Icon } from '../../ui/icon.tsx';
import { Logo } from '../../ui/logo.tsx';
import { TextField } from '../../ui/text-field.tsx';
import {
  checkSignIn,
  type SignInErrors,
  signInErrorsOf,
  type SignInMode,
  type SignInValues,
} from './sign-in-errors.ts';
import styles from './sign-in-view.module.css';

/** Where somebody logs in or makes an account. The two share one form, so that a name typed in one is there in the other. */
export function SignInView({ reason }: { reason: SignedOutReason }) {
  const { route, go } = useRouter();
  const mode: SignInMode = route.view === 'register' ? 'register' : 'log_in';
  const [values, setValues] = useState<SignInValues>({ username: '', displayName: '', password: '' });
  const { errors, isPending, submit, forget, fields } = useSignIn(mode, values);
  const change = (field: keyof SignInValues) => (value: string) => {
    setValues((before) => ({ ...before, [field]: value }));
    forget(field);
  };
  const registers = mode === 'register';
  return (
    <main className={styles['page']}>
      <div className={styles['column']}>
        <Logo size={44} />
        <h1 className={styles['title']}>{registers ? text.signIn.registerTitle : text.signIn.logInTitle}</h1>
        {reason === 'ended' && !registers && <p className={styles['note']}>{text.signIn.ended}</p>}
        <Form className={styles['form'] ?? ''} onSubmit={submit}>
          <TextField
            autoCapitalize="none"
            autoComplete="username"
            autoFocus
            error={errors.username}
            inputRef={fields.username}
            label={text.signIn.username}
            name="username"
            onChange={change('username')}
            spellCheck="false"
            value={values.username}
            {...(registers && { hint: text.signIn.usernameHint })}
          />
          {registers && (
            <TextField
              autoComplete="name"
              error={errors.displayName}
              hint={text.signIn.displayNameHint}
              inputRef={fields.displayName}
              label={text.signIn.displayName}
              maxLength={limits.displayNameCharactersMax}
              name="displayName"
              onChange={change('displayName')}
              value={values.displayName}
            />
          )}
          <TextField
            autoComplete={registers ? 'new-password' : 'current-password'}
            error={errors.password}
            inputRef={fields.password}
            label={text.signIn.password}
            name="password"
            onChange={change('password')}
            type="password"
            value={values.password}
            {...(registers && { hint: text.signIn.passwordHint })}
          />
          <p className={styles['error']} role="alert">
            {errors.form !== undefined && <Icon name="warning" size={18} />}
            {errors.form}
          </p>
          <Button isPending={isPending} look="primary" type="submit" wide>
            {registers ? text.signIn.register : text.signIn.logIn}
          </Button>
        </Form>
        <p className={styles['other']}>
          {registers ? text.signIn.toLogIn : text.signIn.toRegister}{' '}
          <Button
            look="quiet"
            onPress={() => {
              forget('form');
              go(registers ? { view: 'home' } : { view: 'register' });
            }}
            small
          >
            {registers ? text.signIn.logIn : text.signIn.register}
          </Button>
        </p>
      </div>
    </main>
  );
}

type FieldRefs = Record<keyof SignInValues, RefObject<HTMLInputElement | null>>;

/** Checks, asks the server, and puts what is wrong and the focus where it belongs. */
function useSignIn(mode: SignInMode, values: SignInValues) {
  const { account } = useClient();
  const { goInstead } = useRouter();
  const [errors, setErrors] = useState<SignInErrors>({});
  const [isPending, setPending] = useState(false);
  const username = useRef<HTMLInputElement>(null);
  const displayName = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const fields: FieldRefs = { username, displayName, password };
  const show = (found: SignInErrors) => {
    setErrors(found);
    const first = (['username', 'displayName', 'password'] as const).find(
      (field) => found[field] !== undefined,
    );
    if (first !== undefined) fields[first].current?.focus();
    return Object.keys(found).length === 0;
  };
  const enter = async () => {
    const credentials = { username: values.username.trim(), password: values.password };
    setPending(true);
    try {
      if (mode === 'register') {
        const shownAs = values.displayName.trim();
        await account.register({ ...credentials, ...(shownAs !== '' && { displayName: shownAs }) });
        goInstead({ view: 'home' });
      }
      await account.logIn(credentials);
    } catch (thrown) {
      show(signInErrorsOf(thrown));
    } finally {
      setPending(false);
    }
  };
  return {
    errors,
    isPending,
    fields,
    submit: (event: FormEvent) => {
      event.preventDefault();
      if (!isPending && show(checkSignIn(mode, values))) void enter();
    },
    forget: (field: keyof SignInErrors) => setErrors((before) => without(before, field)),
  };
}

function without(errors: SignInErrors, field: keyof SignInErrors): SignInErrors {
  const others = { ...errors };
  delete others[field];
  delete others.form;
  return others;
}
