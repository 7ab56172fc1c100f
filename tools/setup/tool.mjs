// "npm run cluster|simulate|faults|mutate|bench": dependencies, the web app where it is served, then that program.
import { buildWeb } from './build-web.mjs';
import { install, runMain, SetupError } from './install.mjs';
import { runBun } from './run-bun.mjs';

/** Each program: where it begins, and whether what it starts serves the web app. */
const TOOLS = {
  cluster: { main: 'tools/cluster/src/main.ts', servesWeb: true },
  simulate: { main: 'packages/testkit/src/simulation/main.ts', servesWeb: false },
  faults: { main: 'tools/faults/src/main.ts', servesWeb: false },
  mutate: { main: 'tools/faults/src/mutations/main.ts', servesWeb: false },
  bench: { main: 'tools/bench/src/main.ts', servesWeb: false },
};

/** Words that start nothing, for which nothing has to be built. */
const STARTS_NOTHING = ['--help', '-h', '--rolling-restart'];

await runMain(async () => {
  const [name, ...words] = process.argv.slice(2);
  const tool = TOOLS[name];
  if (tool === undefined)
    throw new SetupError(`No tool "${name}". There are: ${Object.keys(TOOLS).join(', ')}.`);
  const bun = await install();
  const isBuilt = tool.servesWeb && !words.some((word) => STARTS_NOTHING.includes(word));
  if (isBuilt && (await buildWeb()) === 'missing')
    console.warn('No web app in this tree (apps/web/index.html): API only.');
  return runBun(bun, [tool.main, ...words]);
});
