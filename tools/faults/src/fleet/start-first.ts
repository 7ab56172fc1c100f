// Loaded by the runner before any scenario of a fleet: starting one takes longer than a single test may on a busy machine.
import { Fleet } from './fleet.ts';

await Fleet.ofRun();
