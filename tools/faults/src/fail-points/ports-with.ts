import type { ConversationLog, NodeBus, NodeDirectory } from '@confab/contracts';
import type { ChatPorts } from '@confab/core';

/** The same ports, with another way to commit. */
export function withCommit(ports: ChatPorts, commit: ConversationLog['commit']): ChatPorts {
  const { log } = ports;
  return {
    ...ports,
    log: {
      commit,
      room: (head) => log.room(head),
      heads: (conversationIds) => log.heads(conversationIds),
      read: (request) => log.read(request),
      findByClientIds: (conversationId, keys) => log.findByClientIds(conversationId, keys),
      countOwn: (questions) => log.countOwn(questions),
    },
  };
}

/** The same ports, with another way to publish. */
export function withPublish(ports: ChatPorts, publish: NodeBus['publish']): ChatPorts {
  const { bus } = ports;
  return {
    ...ports,
    bus: {
      publish,
      subscribe: (nodeId, receiver) => bus.subscribe(nodeId, receiver),
      onLoss: (nodeId, listener) => bus.onLoss(nodeId, listener),
      request: (nodeId, request) => bus.request(nodeId, request),
      respond: (nodeId, responder) => bus.respond(nodeId, responder),
    },
  };
}

/** The same ports, with another opinion of who owns conversations. */
export function withOwners(ports: ChatPorts, owners: NodeDirectory['owners']): ChatPorts {
  const { directory } = ports;
  return {
    ...ports,
    directory: {
      owners,
      join: (node) => directory.join(node),
      retire: (node) => directory.retire(node),
      leave: (node) => directory.leave(node),
      live: () => directory.live(),
    },
  };
}
