import { addUser } from './cli/add-user.ts';
import { migrate } from './cli/migrate.ts';
import { plan } from './cli/plan.ts';
import { showConfig } from './cli/show-config.ts';
import { start } from './cli/start.ts';
import { HELP } from './cli/help.ts';
import { ConfigError } from './config.ts';
import { VERSION } from './version.ts';

/** What is wrong with the words or the settings, and not with the server (BSD's sysexits: EX_USAGE). */
const EXIT_USAGE = 64;

/** Runs a command; gives the exit code. */
async function run(words: readonly string[]): Promise<number> {
  const [command = 'start', ...rest] = words[0]?.startsWith('-') === true ? aliased(words) : words;
  switch (command) {
    case 'start':
      return await start(rest);
    case 'config':
      return showConfig(rest);
    case 'migrate':
      return await migrate(rest);
    case 'plan':
      return plan(rest);
    case 'user':
      return await addUser(rest);
    case 'version':
      console.log(VERSION);
      return 0;
    case 'help':
      console.log(HELP);
      return 0;
    default:
      console.error(`"${command}" is no command of confab.\n\n${HELP}`);
      return EXIT_USAGE;
  }
}

/** `confab --port 9000` starts; `--help` and `--version` do what they do everywhere. */
function aliased(words: readonly string[]): readonly string[] {
  if (words[0] === '--help' || words[0] === '-h') return ['help'];
  return words[0] === '--version' ? ['version'] : ['start', ...words];
}

try {
  process.exit(await run(process.argv.slice(2)));
} catch (error) {
  if (error instanceof ConfigError) {
    console.error(
      ['Confab cannot start with these settings:', ...error.problems.map((one) => `  ${one}`)].join('\n'),
    );
    process.exit(EXIT_USAGE);
  }
  console.error(error instanceof Error ? `confab: ${error.message}` : error);
  process.exit(1);
}
