import { useState } from 'react';
import {
  Autocomplete,
  Button,
  type Key,
  ListBox,
  ListBoxItem,
  type Selection,
  Tag,
  TagGroup,
  TagList,
} from 'react-aria-components';
import { useOwnId } from '../../session/use-name.ts';
import { text } from '../../text.ts';
import { Icon } from '../../ui/icon.tsx';
import { SearchBox } from '../../ui/search-box.tsx';
import styles from './people-picker.module.css';
import { PersonLine } from './person-line.tsx';
import { type PeopleSearch, type Person, usePeopleSearch } from './use-people-search.ts';

interface PeoplePickerProps {
  /** One: choosing is the whole action. Many: people are collected. */
  readonly mode: 'one' | 'many';
  readonly chosen: readonly Person[];
  readonly onChange: (chosen: readonly Person[]) => void;
  /** People who cannot be chosen: those who are in already. */
  readonly without?: ReadonlySet<string>;
  /** Whether one begins by searching; not where another field comes first. */
  readonly takesFocus?: boolean;
}

/** Finds people by the beginning of their name; arrows move among them while the caret stays in the search box. */
export function PeoplePicker({
  mode,
  chosen,
  onChange,
  without = new Set(),
  takesFocus = true,
}: PeoplePickerProps) {
  const [typed, setTyped] = useState('');
  const ownId = useOwnId();
  const search = usePeopleSearch(typed);
  const people = search.people.filter(({ userId }) => userId !== ownId);
  const remove = (keys: Set<Key>) => onChange(chosen.filter(({ userId }) => !keys.has(userId)));
  const select = (selection: Selection) => {
    if (selection === 'all') return;
    // What is chosen may have left the results; only those on the list can have been changed here.
    const listed = new Set(people.map(({ userId }) => userId));
    const kept = chosen.filter(({ userId }) => !listed.has(userId) || selection.has(userId));
    const added = people.filter(
      ({ userId }) => selection.has(userId) && !chosen.some((person) => person.userId === userId),
    );
    onChange([...kept, ...added]);
    if (added.length > 0) setTyped('');
  };
  const chooseFirst = () => {
    const isTaken = ({ userId }: Person) =>
      without.has(userId) || chosen.some((person) => person.userId === userId);
    const first = search.status === 'found' ? people.find((person) => !isTaken(person)) : undefined;
    if (first === undefined) return;
    onChange([...chosen, first]);
    setTyped('');
  };
  return (
    <div className={styles['picker']}>
      {mode === 'many' && chosen.length > 0 && <ChosenTags chosen={chosen} onRemove={remove} />}
      <Autocomplete inputValue={typed} onInputChange={setTyped}>
        <SearchBox
          isBusy={search.status === 'searching'}
          label={text.people.label}
          onEnter={chooseFirst}
          placeholder={text.people.placeholder}
          takesFocus={takesFocus}
        />
        <ListBox
          aria-label={text.people.results}
          className={styles['results'] ?? ''}
          disabledKeys={[...without]}
          items={people.map((person) => ({ id: person.userId, person }))}
          onSelectionChange={select}
          renderEmptyState={() => <NobodyFound search={search} />}
          selectedKeys={chosen.map(({ userId }) => userId)}
          selectionMode={mode === 'one' ? 'single' : 'multiple'}
        >
          {({ id, person }) => (
            <ListBoxItem className={styles['person'] ?? ''} id={id} textValue={person.displayName}>
              {({ isSelected, isDisabled }) => (
                <>
                  <PersonLine person={person} {...(isDisabled && { note: text.people.already })} />
                  {isSelected && mode === 'many' && <Icon name="check" size={18} />}
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Autocomplete>
    </div>
  );
}

function ChosenTags({ chosen, onRemove }: { chosen: readonly Person[]; onRemove: (keys: Set<Key>) => void }) {
  return (
    <TagGroup aria-label={text.people.chosen} className={styles['chosen'] ?? ''} onRemove={onRemove}>
      <TagList
        className={styles['tags'] ?? ''}
        items={chosen.map((person) => ({ id: person.userId, person }))}
      >
        {({ id, person }) => (
          <Tag className={styles['tag'] ?? ''} id={id} textValue={person.displayName}>
            {person.displayName}
            <Button aria-label={text.people.remove(person.displayName)} slot="remove">
              <Icon name="close" size={14} />
            </Button>
          </Tag>
        )}
      </TagList>
    </TagGroup>
  );
}

function NobodyFound({ search: { status, query, people } }: { search: PeopleSearch }) {
  const words = () => {
    if (status === 'failed') return text.people.failed;
    if (query === '' || (status === 'searching' && people.length === 0)) return text.people.hint;
    return text.people.none(query);
  };
  return <p className={styles['none']}>{words()}</p>;
}
