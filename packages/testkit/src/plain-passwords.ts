import type { PasswordHasher } from '@confab/contracts';

/** Passwords as they are: what is slow on purpose has no place in a simulation. */
export const plainPasswords: PasswordHasher = {
  hash: async (password) => `plain ${password}`,
  verify: async (password, hash) => hash === `plain ${password}`,
};
