import type { ReactNode, Ref } from 'react';
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';
import styles from './button.module.css';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';
import { Spinner } from './spinner.tsx';

type Look = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children'> {
  readonly look?: Look;
  readonly wide?: boolean;
  readonly small?: boolean;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

/** A button with words on it. While pending it keeps its width and its focus. */
export function Button({
  look = 'plain',
  wide = false,
  small = false,
  icon,
  children,
  ...rest
}: ButtonProps) {
  const className = classNames(
    styles['button'],
    styles[look],
    wide && styles['wide'],
    small && styles['small'],
  );
  return (
    <AriaButton {...rest} className={className}>
      {({ isPending }) => (
        <>
          <span className={classNames(styles['words'], isPending && styles['hidden'])}>
            {icon !== undefined && <Icon name={icon} size={small ? 16 : 18} />}
            {children}
          </span>
          {isPending && (
            <span className={styles['pending']}>
              <Spinner />
            </span>
          )}
        </>
      )}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'aria-label'> {
  readonly icon: IconName;
  /** What it does: read by screen readers, shown as a tooltip. */
  readonly label: string;
  readonly look?: 'quiet' | 'primary';
  readonly size?: number;
  readonly extraClass?: string | undefined;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A button with a picture on it. */
export function IconButton({ icon, label, look = 'quiet', size = 20, extraClass, ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={600}>
      <AriaButton
        {...rest}
        aria-label={label}
        className={classNames(styles['button'], styles['round'], styles[look], extraClass)}
      >
        <Icon name={icon} size={size} />
      </AriaButton>
      <Tooltip className={styles['tooltip'] ?? ''} offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}
