import type { Principal } from '@confab/contracts';
import { limits } from '@confab/protocol';

const SUBJECT_CHARACTERS_MAX = 256;
const PICTURE_CHARACTERS_MAX = 2048;
const PICTURE = /^https:\/\/[!-~]+$/;
const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** Lone surrogates have no UTF-8: two subjects that differ only in them would have one hash. */
export function isSubject(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= SUBJECT_CHARACTERS_MAX &&
    value.isWellFormed()
  );
}

/** The profile that the claims `name` and `picture` give; null without a usable name. */
export function profileOf(name: unknown, picture: unknown): Principal['external'] {
  const displayName = typeof name === 'string' ? displayNameOf(name) : '';
  return displayName === '' ? null : { displayName, picture: pictureOf(picture) };
}

function displayNameOf(name: string): string {
  const line = name.toWellFormed().replaceAll(CONTROL, ' ').trim();
  return (
    line
      .slice(0, limits.displayNameCharactersMax)
      // The cut may have parted a surrogate pair.
      .replace(/[\ud800-\udbff]$/, '')
      .trim()
  );
}

function pictureOf(picture: unknown): string | null {
  if (typeof picture !== 'string' || picture.length > PICTURE_CHARACTERS_MAX || !PICTURE.test(picture))
    return null;
  const url = URL.parse(picture);
  return url === null || url.username !== '' || url.password !== '' ? null : picture;
}
