import type { Mutation } from '../mutation.ts';

/** Every event reaches who is to have it, in order, and nobody else. */
export const delivering: readonly Mutation[] = [
  {
    name: 'core-publishes-as-members-are-found',
    breaks: ['BUS1'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/delivery.ts',
        find: `    const now = (before ?? Promise.resolve())`,
        replace: `    const now = Promise.resolve()`,
      },
    ],
  },
  {
    name: 'core-tells-a-device-before-others-can-find-it',
    breaks: ['G4.5'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/local-sessions.ts',
        find: `      await this.#registry.claim(this.#record(session));`,
        replace: `      void this.#registry.claim(this.#record(session));`,
      },
    ],
  },
  {
    name: 'core-detaches-all-connections-of-a-device',
    breaks: ['P3.4'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/local-sessions.ts',
        find: `.filter((other) => other !== session);`,
        replace: `.filter((other) => other.deviceId !== session.deviceId);`,
      },
    ],
  },
  {
    name: 'core-follows-on-without-the-changes-it-missed',
    breaks: ['G5.1'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/followed.ts',
        find: `      if (change.sequence > reached) this.#change(conversationId, followed, change);`,
        replace: ``,
      },
    ],
  },
  {
    name: 'core-gives-events-from-before-a-join',
    breaks: ['G5.3'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/followed.ts',
        find: `if (value.joinedSequence <= reached && this.#options.isHere(key)) here.add(key);`,
        replace: `if (this.#options.isHere(key)) here.add(key);`,
      },
    ],
  },
  {
    name: 'core-stops-before-it-has-answered',
    breaks: ['G9.5'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/log/writers.ts',
        find: `    for (const writer of this.#writers.values()) await writer.settled;`,
        replace: ``,
      },
    ],
  },
  {
    name: 'core-forgets-how-far-it-told',
    breaks: ['G9.2'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/loss-sweep.ts',
        find: `    sessions.handed.raise(conversationId, sequence);
    observer`,
        replace: `    observer`,
      },
    ],
  },
  {
    name: 'core-stops-looking-after-a-fault-of-the-store',
    breaks: ['G9.2'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/loss-sweep.ts',
        find: `      observer.fault({ where: 'loss-sweep', error });
      await`,
        replace: `      observer.fault({ where: 'loss-sweep', error });
      this.#isStopped = true;
      await`,
      },
    ],
  },
  {
    name: 'core-shows-client-ids-to-everybody',
    breaks: ['P5.2'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/log/event-codec.ts',
        find: `const { clientMessageId, ...frame } = event;`,
        replace: `const { clientMessageId } = event;
  const frame = event;`,
      },
    ],
  },
  {
    name: 'local-bus-loses-one-of-fifty',
    breaks: ['BUS1'],
    suite: 'cluster-local',
    when: 'all',
    edits: [
      {
        file: 'packages/cluster-local/src/local-bus.ts',
        find: `    mailbox.waiting.push(envelope);`,
        replace: `    if (Math.random() < 0.02) return;
    mailbox.waiting.push(envelope);`,
      },
    ],
  },
  {
    name: 'local-cluster-tells-of-no-death',
    breaks: ['BUS4'],
    suite: 'cluster-local',
    when: 'all',
    edits: [
      {
        file: 'packages/cluster-local/src/local-cluster.ts',
        find: `if (membership.end(node)) bus.publisherLost(node.nodeId);`,
        replace: `membership.end(node);`,
      },
    ],
  },
  {
    name: 'local-registry-lets-an-old-run-release',
    breaks: ['REG2'],
    suite: 'cluster-local',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-local/src/membership.ts',
        find: `this.#seats.get(nodeId)?.runs.get(bootId)?.sessions;
    const before`,
        replace: `this.#liveRun(nodeId)?.sessions;
    const before`,
      },
    ],
  },
  {
    name: 'redis-bus-asks-for-nothing',
    breaks: ['BUS1'],
    suite: 'bus',
    when: 'daily',
    edits: [
      {
        file: 'packages/cluster-redis/src/bus/inbound-link.ts',
        find: `    this.#peer.lack(this.#next, this.#firstHeld() - 1);`,
        replace: ``,
      },
    ],
  },
  {
    name: 'gateway-says-it-took-frames-that-it-did-not',
    breaks: ['G7.1'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/event-stream-transport.ts',
        find: `      taken += 1;
    }`,
        replace: `      taken = texts.length;
    }`,
      },
    ],
  },
  {
    name: 'gateway-loses-a-connection-among-others',
    breaks: ['G4.6'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/hub.ts',
        find: `if (one.nextOfUser === seated) one.nextOfUser = seated.nextOfUser;`,
        replace: `if (one.nextOfUser === seated) one.nextOfUser = null;`,
      },
    ],
  },
  {
    name: 'gateway-forgets-a-lane-that-is-in-use',
    breaks: ['G2.2'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/lanes.ts',
        find: `if (known.underWay === 0 && !isBlocked(known.lane)) this`,
        replace: `if (!isBlocked(known.lane)) this`,
      },
    ],
  },
  {
    name: 'client-applies-a-page-as-it-comes',
    breaks: ['G4.1'],
    suite: 'client',
    when: 'daily',
    edits: [
      {
        file: 'packages/client/src/log/log-follower.ts',
        find: `if (compareArrival(this.#position.sequence, event.sequence) === 'next') this.#apply(event);`,
        replace: `this.#apply(event);`,
      },
    ],
  },
  {
    name: 'client-orders-by-the-clock',
    breaks: ['G2.2'],
    suite: 'client',
    when: 'daily',
    edits: [
      {
        file: 'packages/client/src/queue/send-queue.ts',
        find: `this.#lastPlace = Math.max(this.#lastPlace + 1, this.#ports.timers.now());`,
        replace: `this.#lastPlace = this.#ports.timers.now();`,
      },
    ],
  },
  {
    name: 'core-lets-deliveries-overtake',
    breaks: ['BUS1'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/delivery.ts',
        find: `if (this.#underWay.get(conversationId) === now) this.#underWay.delete(conversationId);`,
        replace: `this.#underWay.delete(conversationId);`,
      },
    ],
  },
  {
    name: 'core-resumes-past-a-removal',
    breaks: ['G5.1'],
    suite: 'resume',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/sync/resume.ts',
        find: `Math.min(through, range.to ?? through)`,
        replace: `through`,
      },
    ],
  },
];
