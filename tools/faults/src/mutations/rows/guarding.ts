import type { Mutation } from '../mutation.ts';

/** Bounds hold, and who is nobody gets nothing. */
export const guarding: readonly Mutation[] = [
  {
    name: 'core-ticks-work-off-before-it-is-done',
    breaks: ['G4.4'],
    suite: 'work',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/work/follow-ups.ts',
        find: `      await this.#do(item);
      await work.complete([item.workId]);`,
        replace: `      await work.complete([item.workId]);
      await this.#do(item);`,
      },
    ],
  },
  {
    name: 'core-signs-every-device-out',
    breaks: ['G8.4'],
    suite: 'delivery',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/delivery/local-sessions.ts',
        find: `if (session.deviceId === envelope.deviceId) session.deviceRevoked();`,
        replace: `session.deviceRevoked();`,
      },
    ],
  },
  {
    name: 'core-gives-pages-of-any-size',
    breaks: ['G8.1'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      { file: 'packages/core/src/log/log-reader.ts', find: `if (count === limit) break;`, replace: `` },
    ],
  },
  {
    name: 'core-keeps-tails-without-end',
    breaks: ['G8.1'],
    suite: 'log-writers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/log/tail-cache.ts',
        find: `while (this.#bytes > TAIL_BYTES_MAX && this.#tails.size > 1) this.#evictOldest();`,
        replace: ``,
      },
    ],
  },
  {
    name: 'gateway-counts-no-binary-frames',
    breaks: ['G8.3'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/connection.ts',
        find: `if (state.kind === 'closing' || (state.kind !== 'live' && this.#isOneTooMany(state))) return;`,
        replace: `if (state.kind === 'closing') return;`,
      },
    ],
  },
  {
    name: 'gateway-ends-one-connection-of-a-signed-out-device',
    breaks: ['G8.4'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/revocation-check.ts',
        find: `for (const connection of byDevice.get(keyOf(revoked)) ?? []) connection`,
        replace: `for (const connection of (byDevice.get(keyOf(revoked)) ?? []).slice(0, 1)) connection`,
      },
    ],
  },
  {
    name: 'gateway-takes-the-token-of-another-user',
    breaks: ['P3.3', 'G8.4'],
    suite: 'gateway',
    when: 'daily',
    edits: [
      {
        file: 'packages/gateway/src/connection.ts',
        find: `if (proof.userId === session.userId && proof.deviceId === session.deviceId) {`,
        replace: `if (proof.deviceId === session.deviceId) {`,
      },
    ],
  },
  {
    name: 'identity-takes-any-signature',
    breaks: ['TOK1'],
    suite: 'identity',
    when: 'daily',
    edits: [
      {
        file: 'packages/identity/src/own-token.ts',
        find: `if (!isOwnToken(token) || !isSameText(signatureOf(key, token.slice(0, dot)), token.slice(dot + 1)))`,
        replace: `if (!isOwnToken(token))`,
      },
    ],
  },
  {
    name: 'identity-takes-tokens-for-ever',
    breaks: ['TOK2'],
    suite: 'identity',
    when: 'daily',
    edits: [
      {
        file: 'packages/identity/src/own-token.ts',
        find: `  if (nowMs >= expiresAtMs) throw new ConfabError('token_expired');
`,
        replace: ``,
      },
    ],
  },
  {
    name: 'identity-mixes-issuers',
    breaks: ['TOK1'],
    suite: 'identity',
    when: 'daily',
    edits: [
      {
        file: 'packages/identity/src/external-tokens.ts',
        find: `externalUserId(this.#digest, issuer.issuer, claims.sub)`,
        replace: `externalUserId(this.#digest, '', claims.sub)`,
      },
    ],
  },
  {
    name: 'api-takes-what-is-no-utf-8',
    breaks: ['G8.2'],
    suite: 'api',
    when: 'daily',
    edits: [
      { file: 'packages/api/src/request-body.ts', find: `{ fatal: true }`, replace: `{ fatal: false }` },
    ],
  },
  {
    name: 'conversation-lets-members-rename',
    breaks: ['P7.2'],
    suite: 'conversation',
    when: 'daily',
    edits: [
      {
        file: 'packages/conversation/src/permissions.ts',
        find: `      rename: stewards,`,
        replace: `      rename: everyone,`,
      },
    ],
  },
  {
    name: 'core-takes-any-password',
    breaks: ['G8.4'],
    suite: 'sign-in',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/accounts/sign-in.ts',
        find: `if (credentials === null || !fits) throw`,
        replace: `if (credentials === null) throw`,
      },
    ],
  },
  {
    name: 'core-takes-tokens-from-before-a-sign-out',
    breaks: ['G8.4'],
    suite: 'sign-in',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/accounts/sign-in.ts',
        find: `if (device === null || device.revoked || principal.issuedAtMs < device.revokedAtMs) {`,
        replace: `if (device === null || device.revoked) {`,
      },
    ],
  },
  {
    name: 'core-takes-tokens-of-other-devices',
    breaks: ['G8.4'],
    suite: 'sign-in',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/accounts/sign-in.ts',
        find: `if (namedDeviceId !== null && namedDeviceId !== deviceId) {`,
        replace: `if (namedDeviceId !== null && namedDeviceId === '') {`,
      },
    ],
  },
  {
    name: 'core-tells-strangers-how-far-it-goes',
    breaks: ['G5.2'],
    suite: 'strangers',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/create-chat.ts',
        find: `      const open = new Set(conversationIds.filter((_, index) => readable[index]?.to === null));`,
        replace: `      const open = new Set(conversationIds.filter((_, index) => readable[index] !== undefined));`,
      },
    ],
  },
  {
    name: 'core-counts-no-guesses',
    breaks: ['G8.1'],
    suite: 'sign-in',
    when: 'daily',
    edits: [
      {
        file: 'packages/core/src/accounts/sign-in.ts',
        find: `    if (!isKnown) throw new ConfabError('rate_limited',`,
        replace: `    if (isKnown && !isKnown) throw new ConfabError('rate_limited',`,
      },
    ],
  },
];
