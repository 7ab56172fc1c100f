import type { Device } from './raw-client.ts';
import type { Person, Scene, Talk } from './scene.ts';

export type Couple = {
  readonly anna: Person;
  readonly ben: Person;
  readonly talk: Talk;
  readonly speaker: Device;
  readonly reader: Device;
};

/** Anna speaks, Ben reads, both know the conversation from its first event on. */
export async function couple(scene: Scene, name: string): Promise<Couple> {
  const anna = await scene.person(`anna-${name}`);
  const ben = await scene.person(`ben-${name}`);
  const speaker = await scene.connected(anna, 'phone');
  const reader = await scene.connected(ben, 'phone');
  const talk = await scene.group(anna, [ben]);
  await reader.reach(talk.conversationId, 1);
  return { anna, ben, talk, speaker, reader };
}
