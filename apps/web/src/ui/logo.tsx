import styles from './logo.module.css';

/** Confab's mark: a C that listens, a dot that speaks, inside what is said. The favicon is the same drawing. */
export function Logo({ size = 32 }: { size?: number }) {
  return (
    <svg aria-hidden="true" height={size} viewBox="0 0 32 32" width={size}>
      <path
        className={styles['ground']}
        d="M16 2C8 2 2 7.900 2 15.500c0 3.900 1.600 7.300 4.200 9.700L5 29.400c-.2.700.5 1.200 1.100.9l5.200-2.400c1.500.4 3 .600 4.700.600 8 0 14-5.700 14-13S24 2 16 2Z"
      />
      <path className={styles['letter']} d="M20.600 11.200A6.300 6.300 0 1 0 20.600 19.800" />
      <circle className={styles['dot']} cx="23.700" cy="15.500" r="2" />
    </svg>
  );
}
