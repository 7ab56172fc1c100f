import type { OperationFrame, ServerFrame } from '@confab/protocol';
import { ChatError, toChatError } from '../errors.ts';
import type { HttpCaller } from '../http/http-caller.ts';

interface PollSenderPorts {
  readonly http: HttpCaller;
  readonly messageIdAt: (conversationId: string, sequence: number) => string | null;
  readonly deviceId: () => string;
  readonly answer: (frame: ServerFrame) => void;
  /** No answer came: nobody knows what was carried out. */
  readonly failed: (error: ChatError) => void;
}

type FrameOf<T extends OperationFrame['type']> = Extract<OperationFrame, { type: T }>;

/**
 * Frames as single requests, one after the other within a conversation. It keeps the connection's rule that single
 * requests do not have: behind a send that was refused for now, later ones are refused until it is sent again.
 */
export class PollSender {
  readonly #ports: PollSenderPorts;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #refused = new Map<string, string>();

  constructor(ports: PollSenderPorts) {
    this.#ports = ports;
  }

  async send(frame: OperationFrame): Promise<void> {
    switch (frame.type) {
      case 'send_message':
        await this.#inOrder(frame.conversationId, async () => await this.#sendMessage(frame));
        return;
      case 'abandon_send':
        if (this.#refused.get(frame.conversationId) === frame.clientMessageId) {
          this.#refused.delete(frame.conversationId);
        }
        return;
      case 'sync':
        await this.#sync(frame);
        return;
      case 'receipt':
        await this.#receipt(frame);
        return;
      case 'typing':
      case 'state':
        return;
      case 'create_conversation':
      case 'update_conversation':
      case 'add_members':
      case 'remove_member':
      case 'update_member':
        // The SDK makes these requests over HTTP whatever the transport.
        throw new ChatError('unexpected', `${frame.type} has a route of its own`);
    }
  }

  async #inOrder(conversationId: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#tails.get(conversationId) ?? Promise.resolve()).then(work);
    this.#tails.set(conversationId, mine);
    await mine;
  }

  async #sendMessage(frame: FrameOf<'send_message'>): Promise<void> {
    const { type, ref, ...request } = frame;
    const { conversationId, clientMessageId } = request;
    const labels = { conversationId, clientMessageId, ...(ref === undefined ? {} : { ref }) };
    const blocker = this.#refused.get(conversationId);
    if (blocker !== undefined && blocker !== clientMessageId) {
      this.#refuse(labels, new ChatError('after_previous'));
      return;
    }
    this.#refused.delete(conversationId);
    try {
      const accepted = await this.#ports.http.call(type, request);
      this.#ports.answer({ type: 'message_accepted', ...accepted, ...(ref === undefined ? {} : { ref }) });
    } catch (thrown) {
      const error = toChatError(thrown);
      if (error.retry === 'later') this.#refused.set(conversationId, clientMessageId);
      if (error.status === null) this.#ports.failed(error);
      else this.#refuse(labels, error);
    }
  }

  async #sync({ ref, conversationId, after, limit }: FrameOf<'sync'>): Promise<void> {
    const labels = { conversationId, ...(ref === undefined ? {} : { ref }) };
    try {
      const page = await this.#ports.http.call('list_events', {
        conversationId,
        ...(after === null ? {} : { after }),
        ...(limit === undefined ? {} : { limit }),
      });
      this.#ports.answer({ type: 'sync_page', ...page, ...(ref === undefined ? {} : { ref }) });
    } catch (thrown) {
      this.#refuse(labels, toChatError(thrown));
    }
  }

  async #receipt({ conversationId, delivered, read }: FrameOf<'receipt'>): Promise<void> {
    await this.#mark('delivered', conversationId, delivered);
    await this.#mark('read', conversationId, read);
  }

  /** Over HTTP a receipt names a message, so it reaches as far as messages are held here. */
  async #mark(
    receiptType: 'delivered' | 'read',
    conversationId: string,
    through: number | undefined,
  ): Promise<void> {
    const messageId = through === undefined ? null : this.#ports.messageIdAt(conversationId, through);
    if (messageId === null) return;
    try {
      await this.#ports.http.call('create_receipt', {
        messageId,
        receiptType,
        deviceId: this.#ports.deviceId(),
      });
    } catch (thrown) {
      this.#refuse({ conversationId }, toChatError(thrown));
    }
  }

  #refuse(
    labels: { readonly conversationId: string; readonly clientMessageId?: string; readonly ref?: string },
    error: ChatError,
  ): void {
    this.#ports.answer({
      type: 'error',
      ...labels,
      code: error.code,
      message: error.message,
      retry: error.retry,
      ...(error.afterMs === null ? {} : { afterMs: error.afterMs }),
    });
  }
}
