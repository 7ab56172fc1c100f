/** What can go wrong between devices and nodes, and with either, on one machine as in a fleet. */
export const machineFaultNames = [
  'connection cut',
  'device crash',
  'device quits',
  'device sleeps',
  'device clock jumps',
  'slow reader',
  'bad network',
  'node crash',
  'node stops',
  'node blocked',
  'node clock jumps',
  'store full',
  'store stalls',
] as const;

/** What can go wrong in a fleet besides. */
const fleetFaultNames = [
  'node paused',
  'node cut from store',
  'node cut from Redis',
  'store stormy',
  'Redis flushed',
  'Redis restart',
  'Redis fails over backwards',
  'Redis subscribers killed',
  'bus lossy',
  'nodes disagree',
] as const;

export type FaultName = (typeof machineFaultNames)[number] | (typeof fleetFaultNames)[number];

export const faultNames: readonly FaultName[] = [...machineFaultNames, ...fleetFaultNames];
