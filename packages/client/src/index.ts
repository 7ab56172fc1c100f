export * from './client-types.ts';
export * from './conversation-types.ts';
export { createClient } from './create-client.ts';
export { ChatError, type ChatErrorCode, type ChatErrorDetail, type ClientErrorCode } from './errors.ts';
export type { Observable, Unsubscribe } from './observable.ts';
export type { ClientStorage, StorageChange, StorageTable } from './storage/client-storage.ts';
export * from './timeline-types.ts';
