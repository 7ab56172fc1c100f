import { CrowdLoad } from './crowd-load.ts';
import { MessageLoad } from './message-load.ts';
import { RequestLoad } from './request-load.ts';
import { RestlessLoad } from './restless-load.ts';

/** What load processes can run. The argument of each constructor, and those of its methods, are copied to the process. */
export const PROGRAMS = {
  crowd: CrowdLoad,
  messages: MessageLoad,
  requests: RequestLoad,
  restless: RestlessLoad,
} as const;

export type Programs = typeof PROGRAMS;
export type ProgramName = keyof Programs;

export function isProgramName(name: string): name is ProgramName {
  return Object.hasOwn(PROGRAMS, name);
}
