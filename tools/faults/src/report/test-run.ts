/** One test as bun's runner told of it. */
export type TestOutcome = {
  readonly file: string;
  readonly line: number;
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly seconds: number;
  /** What was printed before it failed; empty where it did not. */
  readonly output: string;
};

/** A line of the runner's output that a person wants to see while it runs. */
export type Progress =
  | { readonly kind: 'file'; readonly file: string }
  | {
      readonly kind: 'test';
      readonly outcome: 'passed' | 'failed' | 'skipped';
      readonly title: string;
      readonly tookMs: number;
    };

const FILE = /^(\S+\.test\.ts):$/;
const TEST = /^\((pass|fail|skip)\) (.*?)(?: \[([\d.]+)(ms|s)\])?$/;
const SUITE_OR_CASE = /<(\/?)testsuite\b([^>]*)>|<testcase ([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const OUTPUT_CHARACTERS_MAX = 8_000;

/** Follows the output of the runner, line by line, and keeps what was said before each failure. */
export class TestOutput {
  readonly #tell: (progress: Progress) => void;
  readonly #outputs = new Map<string, string>();
  #said: string[] = [];
  #rest = '';

  constructor(tell: (progress: Progress) => void) {
    this.#tell = tell;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#takeLine(line);
  }

  /** What was printed before a test of this title failed. */
  outputOf(title: string): string {
    return this.#outputs.get(title) ?? '';
  }

  /** What was printed last. */
  get lastWords(): string {
    return [...this.#said, this.#rest].join('\n').slice(-OUTPUT_CHARACTERS_MAX);
  }

  #takeLine(line: string): void {
    const file = FILE.exec(line)?.[1];
    const [, word, title, took, unit] = TEST.exec(line) ?? [];
    if (file !== undefined) this.#tell({ kind: 'file', file });
    else if (title === undefined) {
      this.#said.push(line);
      return;
    } else {
      const outcome = word === 'pass' ? 'passed' : word === 'fail' ? 'failed' : 'skipped';
      if (outcome === 'failed')
        this.#outputs.set(title, this.#said.join('\n').trim().slice(-OUTPUT_CHARACTERS_MAX));
      this.#tell({ kind: 'test', outcome, title, tookMs: Number(took ?? 0) * (unit === 's' ? 1_000 : 1) });
    }
    this.#said = [];
  }
}

/** The tests of the runner's JUnit report, in the order in which they were. */
export function readTests(xml: string, outputOf: (title: string) => string): readonly TestOutcome[] {
  const groups: string[] = [];
  const tests: TestOutcome[] = [];
  for (const [, closing, suite, test, inside] of xml.matchAll(SUITE_OR_CASE)) {
    if (test === undefined) {
      if (closing === '/') groups.pop();
      else if (!suite?.endsWith('/')) groups.push(attribute(suite ?? '', 'name'));
      continue;
    }
    const title = [...groups.filter((group) => !group.endsWith('.test.ts')), attribute(test, 'name')].join(
      ' > ',
    );
    const outcome = inside === undefined ? 'passed' : inside.includes('<skipped') ? 'skipped' : 'failed';
    tests.push({
      file: attribute(test, 'file').replace(/^.*\//, ''),
      line: Number(attribute(test, 'line')),
      title,
      outcome,
      seconds: Number(attribute(test, 'time')),
      output: outcome === 'failed' ? outputOf(title) : '',
    });
  }
  return tests;
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return value.replaceAll(
    /&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g,
    (whole, decimal, hexadecimal, word: string) => {
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(String(hexadecimal), 16));
      return ENTITIES[word] ?? whole;
    },
  );
}
