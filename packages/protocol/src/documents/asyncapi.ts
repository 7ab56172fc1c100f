import { Authenticate, operationFrameSchema, Ping, serverFrames } from '../frames.ts';
import { type FrameVerb, verbs } from '../calls.ts';
import { operations } from '../operations.ts';
import { PROTOCOL_VERSION, SUBPROTOCOL } from '../version.ts';
import { serverFrame } from './openapi-system.ts';
import { type Json, SchemaComponents } from './schema-components.ts';

const description = `The socket of Confab: one JSON object per text frame, with its \`type\`. After \`hello\` the client
says \`authenticate\`; the server answers \`ready\`, \`heads\`, what was missed, then \`caught_up\`. A frame with an
\`eventId\` is a log event and advances the cursor of its conversation. Any request may carry a \`ref\`, which its answer
or error carries back. Unknown types and fields are ignored.`;

/** The AsyncAPI 3.0 document of the socket, as the server sees it: it receives what clients say. */
export function asyncApiDocument({ version }: { readonly version: string }): Json {
  const components = new SchemaComponents('draft-07');
  const fromClient = clientMessages(components);
  const fromServer = serverMessages(components);
  const messages = { ...fromClient, ...fromServer };
  return {
    asyncapi: '3.0.0',
    info: { title: 'Confab', version, description, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    servers: {
      node: { host: '127.0.0.1:8080', protocol: 'ws', description: 'Any node; wss behind TLS.' },
    },
    channels: {
      socket: {
        address: '/v1/ws',
        description: `The WebSocket, protocol version ${PROTOCOL_VERSION}, subprotocol ${SUBPROTOCOL}.`,
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, ref(`components/messages/${name}`)]),
        ),
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      ...receiveOperations(Object.keys(fromClient)),
      send_frames: {
        action: 'send',
        channel: ref('channels/socket'),
        summary: 'What the server says',
        messages: Object.keys(fromServer).map((name) => ref(`channels/socket/messages/${name}`)),
      },
    },
    components: { messages, schemas: components.all() },
  };
}

/** Each frame of a client is an operation, with the frames that may answer it. */
function receiveOperations(names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [`receive_${name}`, receiveOperation(name)]));
}

function receiveOperation(name: string): Json {
  const answers = answersTo(name).map((answer) => ref(`channels/socket/messages/${answer}`));
  return {
    action: 'receive',
    channel: ref('channels/socket'),
    messages: [ref(`channels/socket/messages/${name}`)],
    reply: { channel: ref('channels/socket'), messages: answers },
  };
}

function answersTo(name: string): readonly string[] {
  switch (name) {
    case 'authenticate':
      return ['ready', 'error'];
    case 'ping':
      return ['pong'];
    case 'send_message':
      return ['message_accepted', 'error'];
    case 'sync':
      return ['sync_page', 'error'];
    default:
      return ['accepted', 'error'];
  }
}

function clientMessages(components: SchemaComponents): Record<string, Json> {
  const messages: Record<string, Json> = {
    authenticate: message('authenticate', 'Says who is there', components.use(Authenticate)),
    ping: message('ping', 'Asks for a pong', components.use(Ping)),
  };
  for (const verb of verbs) {
    if (!operations[verb].frame) continue;
    const schema = components.useAs(verb, operationFrameSchema(verb as FrameVerb));
    messages[verb] = message(verb, operations[verb].summary, schema);
  }
  return messages;
}

function serverMessages(components: SchemaComponents): Record<string, Json> {
  const rows = Object.entries(serverFrames).map(([type, schema]) => {
    const payload = serverFrame(components, type, schema);
    return [type, message(type, summaries[type as keyof typeof serverFrames], payload)] as const;
  });
  return Object.fromEntries(rows);
}

const summaries: { readonly [T in keyof typeof serverFrames]: string } = {
  hello: 'The first frame, unasked',
  ready: 'The token is good; which pending sends are in the log',
  heads: 'All conversations of the user, newest activity first, in pages',
  caught_up: 'What was missed has been told; from here on it is live',
  message_accepted: 'The message is durable and has this place for ever',
  accepted: 'The request was done',
  sync_page: 'Events after a cursor',
  message_event: 'A message',
  conversation_event: 'A conversation was created or changed',
  member_event: 'Members joined, left, were removed or have another role',
  membership_event: 'The user joined or left a conversation',
  head_event: 'There is more in a conversation; ask for it with sync',
  receipt_event: 'How far somebody has received or read',
  typing_event: 'Somebody is typing',
  pong: 'Answers a ping',
  drain: 'This node is going away; connect to another after this time',
  error: 'A request was refused',
};

function message(name: string, summary: string, payload: Json): Json {
  return { name, title: name, summary, contentType: 'application/json', payload };
}

function ref(place: string): Json {
  return { $ref: `#/${place}` };
}
