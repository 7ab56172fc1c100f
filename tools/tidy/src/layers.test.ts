import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { readImportGraph } from './import-graph.ts';
import { checkLayers } from './layers.ts';
import { HOUSE } from './rooms.ts';
import { describeViolations, isModule, readRepository } from './tree.ts';

/** A graph that lost its modules finds no violations: raise this as the house grows. */
const MODULES_MIN = 60;

const tree = readRepository(join(import.meta.dir, '..', '..', '..'));
const graph = readImportGraph(tree, HOUSE);

test('the import graph holds every module of the workspace', () => {
  const modules = tree.files.filter((file) => /^(packages|apps|tools)\//.test(file) && isModule(file));
  expect(graph.modules.map(({ path }) => path)).toEqual(modules);
  expect(modules.length).toBeGreaterThanOrEqual(MODULES_MIN);
});

test('arrows go down, by name, and only where the table of rooms says so', () => {
  const violations = checkLayers(graph, HOUSE, tree);
  if (violations.length > 0) throw new Error(describeViolations(violations));
});
