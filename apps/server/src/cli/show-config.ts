import { printConfig, readConfig, readFlags, settingsMarkdown } from '../config.ts';

/** `confab config`: the settings as they hold, or the table of them all. */
export function showConfig(words: readonly string[]): number {
  if (words.length === 1 && words[0] === '--markdown') console.log(settingsMarkdown());
  else console.log(printConfig(readConfig({ ...process.env, ...readFlags(words) })));
  return 0;
}
