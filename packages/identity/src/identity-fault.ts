/** A fault nobody is waiting for; fits `observer.fault`. */
export interface IdentityFault {
  readonly where: string;
  readonly error: unknown;
}
