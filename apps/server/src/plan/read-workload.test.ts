import { expect, test } from 'bun:test';
import { PlanError } from './plan-error.ts';
import { readWorkload } from './read-workload.ts';
import { choices } from './workload.ts';

function codesOf(...words: readonly string[]): readonly string[] {
  try {
    readWorkload(words);
    return [];
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    return error.problems.map(({ code }) => code);
  }
}

test('flags are read with = and without, as 2e6 and as 0.5; the others hold as they are', () => {
  const workload = readWorkload(['--connections', '2e6', '--headroom=0.6', '--body=1000']);
  expect([workload.connections.value, workload.headroom.value, workload.body.value]).toEqual([
    2_000_000, 0.6, 1_000,
  ]);
  expect(workload.replicas).toEqual({ name: 'replicas', unit: 'replicas', value: choices.replicas.value });
});

test('everything that is wrong is told at once, each with a code', () => {
  expect(
    codesOf(
      '--conections',
      '5',
      '--messages',
      'many',
      '--body',
      '0',
      '--body',
      '1',
      '--zones=2.5',
      '--replicas',
    ),
  ).toEqual(['unknown_flag', 'no_number', 'out_of_bounds', 'out_of_bounds', 'no_value']);
  expect(codesOf('--body=1', '--body=2', 'extra')).toEqual(['given_twice', 'unknown_flag']);
  expect(codesOf('--messages', '--body=0')).toEqual(['no_value', 'out_of_bounds']);
});

test.each(['NaN', 'Infinity', '-1', '0x10', '1e999', '', '1,000', ' 5'])('%p is no number', (text) => {
  expect(codesOf(`--connections=${text}`)).toEqual(['no_number']);
});

test('each choice takes its bounds and nothing beyond them', () => {
  for (const { name, minimum, maximum, value } of Object.values(choices)) {
    for (const inside of [minimum, value, maximum]) expect(codesOf(`--${name}=${inside}`)).toEqual([]);
    expect(codesOf(`--${name}=${maximum * 10}`)).toEqual(['out_of_bounds']);
  }
});
