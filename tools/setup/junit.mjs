// Reads the JUnit reports that bun and node's own test runner write.

const TAG =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<(\/?)(testsuite|testcase|failure|error|skipped)\b((?:[^>"]|"[^"]*")*?)(\/?)>/g;
const ENTITIES = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** Every test of a report: `{title, file, outcome: 'passed' | 'failed' | 'skipped', message}`; a title names its groups too. */
export function readJunit(xml) {
  const cases = [];
  const suites = [];
  let current;
  for (const [, closing, tag, attributes, selfClosing] of xml.matchAll(TAG)) {
    if (tag === undefined) continue;
    if (closing === '/') {
      if (tag === 'testsuite') suites.pop();
      if (tag === 'testcase') current = undefined;
    } else if (tag === 'testsuite') {
      if (selfClosing !== '/') suites.push(attribute(attributes, 'name'));
    } else if (tag === 'testcase') {
      const file = attribute(attributes, 'file');
      const groups = suites.filter((suite) => suite !== file);
      const title = [...groups, attribute(attributes, 'name')].join(' > ');
      current = { title, file, outcome: 'passed', message: '' };
      cases.push(current);
    } else if (current !== undefined) {
      current.outcome = tag === 'skipped' ? 'skipped' : 'failed';
      current.message = attribute(attributes, 'message');
    }
  }
  return cases;
}

function attribute(attributes, name) {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return value.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g, (whole, decimal, hex, entity) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[entity] ?? whole;
  });
}
