/** A fault nobody is waiting for; fits `observer.fault`. */
export interface ClusterFault {
  readonly where: string;
  readonly error: unknown;
}
