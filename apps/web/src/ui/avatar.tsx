import { hueOf, initialsOf } from '../model/avatar.ts';
import styles from './avatar.module.css';
import { classNames } from './class-names.ts';

interface AvatarProps {
  /** Decides the hue, so that a rename does not recolour a person. */
  readonly id: string;
  readonly name: string;
  readonly size?: 's' | 'm' | 'l';
  /** Groups are squares with round corners, people are circles: told apart without colour. */
  readonly shape?: 'person' | 'group';
}

/** Initials on a colour. Decoration: the name always stands beside it. */
export function Avatar({ id, name, size = 'm', shape = 'person' }: AvatarProps) {
  return (
    <span
      aria-hidden="true"
      className={classNames(styles['avatar'], styles[size], styles[shape])}
      data-hue={hueOf(id)}
    >
      {initialsOf(name)}
    </span>
  );
}
