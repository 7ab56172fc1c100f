/** The bounds of the wire that a person can meet, told before the server has to. Mirrors the protocol's limits. */
export const limits = {
  bodyBytesMax: 64 * 1024,
  titleCharactersMax: 200,
  displayNameCharactersMax: 80,
  usernameCharactersMin: 3,
  usernameCharactersMax: 32,
  passwordCharactersMin: 8,
  passwordCharactersMax: 256,
} as const;
