import { Input, SearchField } from 'react-aria-components';
import { Icon } from './icon.tsx';
import styles from './search-box.module.css';
import { Spinner } from './spinner.tsx';

interface SearchBoxProps {
  readonly label: string;
  readonly placeholder: string;
  readonly isBusy?: boolean;
  /** Fills the top of its dialog instead of standing in a frame of its own. */
  readonly bare?: boolean;
  readonly takesFocus?: boolean;
  /** Enter while nothing on the list is chosen. */
  readonly onEnter?: () => void;
  /** Escape, also while something is typed; without it, Escape takes back what is typed first. */
  readonly onEscape?: () => void;
}

/** Where one types what to look for; inside an Autocomplete. Takes the focus of the dialog it opens in, unless another field should. */
export function SearchBox({
  label,
  placeholder,
  isBusy = false,
  bare = false,
  takesFocus = true,
  onEnter,
  onEscape,
}: SearchBoxProps) {
  return (
    <SearchField
      aria-label={label}
      autoFocus={takesFocus}
      className={(bare ? styles['bare'] : styles['box']) ?? ''}
    >
      {isBusy ? <Spinner /> : <Icon name="search" size={18} />}
      <Input
        className={styles['input'] ?? ''}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && onEscape !== undefined && !event.nativeEvent.isComposing) {
            event.preventDefault();
            onEscape();
          }
          if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
          if (event.currentTarget.hasAttribute('aria-activedescendant')) return;
          event.preventDefault();
          onEnter?.();
        }}
        placeholder={placeholder}
      />
    </SearchField>
  );
}
