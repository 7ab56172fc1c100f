import type { Mutation } from './mutation.ts';
import { delivering } from './rows/delivering.ts';
import { durable } from './rows/durable.ts';
import { guarding } from './rows/guarding.ts';
import { losses } from './rows/losses.ts';
import { members } from './rows/members.ts';
import { once } from './rows/once.ts';
import { order } from './rows/order.ts';
import { reading } from './rows/reading.ts';

/** All mutations, by the promise that they break. */
export const mutations: readonly Mutation[] = [
  ...durable,
  ...once,
  ...order,
  ...losses,
  ...members,
  ...delivering,
  ...reading,
  ...guarding,
];
