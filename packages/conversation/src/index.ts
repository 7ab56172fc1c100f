export * from './commands.ts';
export * from './compare.ts';
export * from './decide.ts';
export * from './identity.ts';
export * from './permissions.ts';
export * from './state.ts';
export * from './tiers.ts';
export * from './unread.ts';
