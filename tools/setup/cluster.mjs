// "npm run cluster": dependencies, web app, a whole fleet on this machine.
import { buildWeb } from './build-web.mjs';
import { install, runMain } from './install.mjs';
import { runBun } from './run-bun.mjs';

/** Words that start nothing, for which nothing has to be built. */
const STARTS_NOTHING = ['--help', '-h', '--rolling-restart'];

await runMain(async () => {
  const words = process.argv.slice(2);
  const bun = await install();
  if (!words.some((word) => STARTS_NOTHING.includes(word)) && (await buildWeb()) === 'missing')
    console.warn('No web app in this tree (apps/web/index.html): API only.');
  return runBun(bun, ['tools/cluster/src/main.ts', ...words]);
});
