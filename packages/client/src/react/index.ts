export * from './client-context.ts';
export * from './hooks.ts';
