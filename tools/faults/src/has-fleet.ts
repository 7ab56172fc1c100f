// Says by its exit code whether what a fleet is made of is installed.
import { findProgram, isCassandraInstalled, PROGRAMS } from '@confab/services';

const hasPrograms = [PROGRAMS.redis, PROGRAMS.haproxy].every((program) => findProgram(program) !== null);
process.exitCode = isCassandraInstalled() && hasPrograms ? 0 : 1;
