export * from './face/chat.ts';
export { createChat, type ChatPorts } from './create-chat.ts';
export type { HeardEvent, LocalSession, SharedFrames } from './face/local-session.ts';
export { frameFor, senderFrame } from './log/event-codec.ts';
export { Lane } from './log/lane.ts';
export { RateLimits, rateTable, type RateName } from './admission/rate-limits.ts';
export { encodePage } from './sync/encode-page.ts';
export { replayed, type Replayed } from './log/replayed.ts';
