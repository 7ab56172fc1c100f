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
  /** Enter while nothing on the list is chosen. */
  readonly onEnter?: () => void;
}

/** Where one types what to look for; inside an Autocomplete. Takes the focus of the dialog it opens in. */
export function SearchBox({ label, placeholder, isBusy = false, bare = false, onEnter }: SearchBoxProps) {
  return (
    <SearchField aria-label={label} autoFocus className={(bare ? styles['bare'] : styles['box']) ?? ''}>
      {isBusy ? <Spinner /> : <Icon name="search" size={18} />}
      <Input
        className={styles['input'] ?? ''}
        onKeyDown={(event) => {
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
