import { type ReactNode, type RefObject, useState } from 'react';
import {
  FieldError,
  Input,
  Label,
  Text,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
  ToggleButton,
} from 'react-aria-components';
import { text } from '../text.ts';
import { Icon } from './icon.tsx';
import styles from './text-field.module.css';

interface TextFieldProps extends Omit<AriaTextFieldProps, 'className' | 'children'> {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it; shown and announced at the field. */
  readonly error?: string | undefined;
  readonly inputRef?: RefObject<HTMLInputElement | null>;
  /** `none` for what is no prose: a phone's keyboard begins it small then. */
  readonly autoCapitalize?: 'none' | 'sentences';
}

/** A labelled line of text. Passwords can be looked at. */
export function TextField({
  label,
  hint,
  error,
  inputRef,
  autoCapitalize,
  type = 'text',
  ...rest
}: TextFieldProps) {
  const [shown, setShown] = useState(false);
  const secret = type === 'password';
  return (
    <AriaTextField
      {...rest}
      className={styles['field'] ?? ''}
      isInvalid={error !== undefined}
      type={secret && shown ? 'text' : type}
      validationBehavior="aria"
    >
      <Label className={styles['label'] ?? ''}>{label}</Label>
      <div className={styles['box']}>
        <Input autoCapitalize={autoCapitalize} className={styles['input'] ?? ''} ref={inputRef} />
        {secret && (
          <ToggleButton
            aria-label={text.signIn.showPassword}
            className={styles['eye'] ?? ''}
            isSelected={shown}
            onChange={setShown}
          >
            <Icon name={shown ? 'eyeOff' : 'eye'} size={18} />
          </ToggleButton>
        )}
      </div>
      {hint !== undefined && error === undefined && (
        <Text className={styles['hint'] ?? ''} slot="description">
          {hint}
        </Text>
      )}
      <FieldError className={styles['error'] ?? ''}>{error}</FieldError>
    </AriaTextField>
  );
}
