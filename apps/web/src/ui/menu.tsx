import type { ReactNode } from 'react';
import {
  Header,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  type MenuItemProps as AriaMenuItemProps,
  type MenuProps,
  MenuSection as AriaMenuSection,
  type MenuSectionProps,
  Popover,
  type PopoverProps,
} from 'react-aria-components';
import { classNames } from './class-names.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './menu.module.css';

interface MenuOwnProps extends Omit<MenuProps<object>, 'className' | 'style'> {
  readonly placement?: PopoverProps['placement'];
  /** Stands above the items and is not one of them. */
  readonly top?: ReactNode;
}

/** A menu that opens from the button before it (inside a MenuTrigger). */
export function Menu({ placement = 'bottom start', top, ...rest }: MenuOwnProps) {
  return (
    <Popover className={styles['popover'] ?? ''} offset={6} placement={placement}>
      {top}
      <AriaMenu {...rest} className={styles['menu'] ?? ''} />
    </Popover>
  );
}

interface MenuItemOwnProps extends Omit<AriaMenuItemProps, 'className' | 'children' | 'style'> {
  readonly icon?: IconName;
  readonly danger?: boolean;
  readonly children: string;
}

export function MenuItem({ icon, danger = false, children, ...rest }: MenuItemOwnProps) {
  return (
    <AriaMenuItem
      {...rest}
      className={classNames(styles['item'], danger && styles['danger'])}
      textValue={children}
    >
      {({ isSelected }) => (
        <>
          {icon !== undefined && <Icon name={icon} size={18} />}
          <span className={styles['words']}>{children}</span>
          {isSelected && <Icon name="check" size={18} />}
        </>
      )}
    </AriaMenuItem>
  );
}

interface MenuSectionOwnProps extends Omit<MenuSectionProps<object>, 'className' | 'style'> {
  readonly title: string;
  readonly children: ReactNode;
}

/** Items under a line and a title, with a choice of their own. */
export function MenuSection({ title, children, ...rest }: MenuSectionOwnProps) {
  return (
    <AriaMenuSection {...rest} className={styles['section'] ?? ''}>
      <Header className={styles['header'] ?? ''}>{title}</Header>
      {children}
    </AriaMenuSection>
  );
}
