export { start } from './cli/start.ts';
