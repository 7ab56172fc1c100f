// "npm start": dependencies, web app, server.
import { buildWeb } from './build-web.mjs';
import { install, runMain } from './install.mjs';
import { runBun } from './run-bun.mjs';

await runMain(async () => {
  const bun = await install();
  if ((await buildWeb()) === 'missing')
    console.warn('No web app in this tree (apps/web/index.html): API only.');
  return runBun(bun, ['apps/server/src/main.ts', 'start', ...process.argv.slice(2)]);
});
