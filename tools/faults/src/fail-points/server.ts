// The server, with fail points between the rules of chat and what they stand on. They are armed over a socket in the
// folder that FAIL_POINTS names; see fail-points.ts for what there is.
import { start } from '@confab/server';
import { Control } from './control.ts';

const folder = process.env['FAIL_POINTS'];
if (folder === undefined) throw new Error('FAIL_POINTS names no folder');
const control = new Control();
const [, , command, ...words] = process.argv;
if (command !== 'start') throw new Error(`it can only start, and was told to ${command}`);
// They stand in the parts of one thread.
process.env['CONFAB_WORKERS'] = '1';
control.listen(folder, process.env['CONFAB_NODE_ID']);
process.exit(await start(words, (ports) => control.decorate(ports)));
