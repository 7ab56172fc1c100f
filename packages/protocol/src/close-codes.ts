/** Why the server closes a socket. The range alone says what to do; see `closeAction`. */
export const closeCodes = {
  goingAway: 4000,
  heartbeatTimeout: 4001,
  slowReader: 4002,
  internal: 4003,
  overloaded: 4100,
  tooManyFrames: 4101,
  tokenExpired: 4200,
  notAuthenticated: 4201,
  signedOut: 4300,
  replaced: 4301,
  protocolTooOld: 4302,
  badFrames: 4303,
} as const;

/** What a client does after a close. */
export type CloseAction = 'resume' | 'resume_after_wait' | 'authenticate' | 'stop';

/**
 * The verdict of a close code: 4000-4099 reconnect and resume, 4100-4199 the same after a wait, 4200-4299 with a new
 * token, 4300-4399 stop. Any code outside 4000-4399 is a broken network or proxy: reconnect and resume.
 */
export function closeAction(code: number): CloseAction {
  if (code >= 4100 && code < 4200) return 'resume_after_wait';
  if (code >= 4200 && code < 4300) return 'authenticate';
  if (code >= 4300 && code < 4400) return 'stop';
  return 'resume';
}
