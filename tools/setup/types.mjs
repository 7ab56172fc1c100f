// "npm run types": checks every tsconfig of the workspace, two at a time.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { exitOf, install, root, runMain, toolOf } from './install.mjs';

const CONCURRENT_MAX = 2;
const CONFIG_NAME = /^tsconfig(\.[a-z0-9]+)?\.json$/;

await runMain(async () => {
  await install();
  const waiting = configs();
  console.log(`${waiting.length} configurations`);
  let failed = 0;
  const work = async () => {
    for (let config = waiting.shift(); config !== undefined; config = waiting.shift()) {
      if (!(await check(config))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_MAX }, work));
  return failed === 0 ? 0 : 1;
});

function configs() {
  const found = [];
  for (const floor of ['packages', 'apps', 'tools']) {
    for (const room of readdirSync(join(root, floor), { withFileTypes: true })) {
      if (!room.isDirectory()) continue;
      const folder = `${floor}/${room.name}`;
      for (const name of readdirSync(join(root, folder)))
        if (CONFIG_NAME.test(name)) found.push(`${folder}/${name}`);
    }
  }
  return found;
}

async function check(config) {
  const args = [toolOf('typescript', 'tsc'), '-p', config, '--pretty', String(process.stdout.isTTY === true)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const code = await exitOf(child);
  // An empty room has nothing to check yet.
  if (output.includes('error TS18003')) return true;
  if (code !== 0) console.log(`${config}:\n${output.trimEnd()}`);
  return code === 0;
}
