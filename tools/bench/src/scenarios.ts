import type { Scenario } from './scenario.ts';
import { CONNECT_RATE } from './scenarios/connect-rate.ts';
import { CONVERSATION_LIST } from './scenarios/conversation-list.ts';
import { DURABLE_1_TO_1_PACED } from './scenarios/durable-1-to-1-paced.ts';
import { DURABLE_1_TO_1 } from './scenarios/durable-1-to-1.ts';
import { FAN_OUT_PACED } from './scenarios/fan-out-paced.ts';
import { FAN_OUT } from './scenarios/fan-out.ts';
import { HISTORY_PAGES } from './scenarios/history-pages.ts';
import { HOT_CONVERSATION } from './scenarios/hot-conversation.ts';
import { IDLE_DENSITY } from './scenarios/idle-density.ts';
import { MIXED } from './scenarios/mixed.ts';
import { RECONNECT_STORM } from './scenarios/reconnect-storm.ts';
import { SLOW_CONSUMERS } from './scenarios/slow-consumers.ts';
import { SOAK } from './scenarios/soak.ts';
import { START_UP } from './scenarios/start-up.ts';
import { TWO_NODES_SCENARIO } from './scenarios/two-nodes.ts';
import { TYPING_FLOOD } from './scenarios/typing-flood.ts';

/** Everything that can be measured, in the order in which it is published. */
export const SCENARIOS: readonly Scenario[] = [
  IDLE_DENSITY,
  CONNECT_RATE,
  DURABLE_1_TO_1,
  DURABLE_1_TO_1_PACED,
  HOT_CONVERSATION,
  FAN_OUT,
  FAN_OUT_PACED,
  MIXED,
  RECONNECT_STORM,
  SLOW_CONSUMERS,
  TYPING_FLOOD,
  HISTORY_PAGES,
  CONVERSATION_LIST,
  START_UP,
  TWO_NODES_SCENARIO,
  SOAK,
];
