import type { ClusterStatus, ProcessStatus } from './cluster-status.ts';

const REFRESH_SECONDS = 2;
const MIB = 1_024 * 1_024;

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3c4148); --dim: light-dark(#555c66, #a3abb6);
  --good: light-dark(#116329, #6fdd8b); --bad: light-dark(#a40e26, #ff8f8f); --odd: light-dark(#7d4e00, #f0c060); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; }
.wide { overflow-x: auto; }
abbr { text-decoration: none; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: start; color: var(--dim); padding-block: .5rem; }
th, td { text-align: start; padding: .5rem .75rem; border-block-end: 1px solid var(--line); white-space: nowrap; }
td.number, th.number { text-align: end; font-variant-numeric: tabular-nums; }
.up { color: var(--good); } .down { color: var(--bad); } .odd { color: var(--odd); }
.up, .down, .odd { font-weight: 600; }
p, footer { color: var(--dim); }
code { font-family: ui-monospace, monospace; }
`;

/** The page as HTML. It reloads itself every two seconds unless `isStill`, and needs no script. */
export function statusPage(status: ClusterStatus, isStill: boolean): string {
  const ready = status.processes.filter(({ ready: isReady }) => isReady === true).length;
  const nodes = status.processes.filter(({ role }) => role === 'node').length;
  const refresh = isStill ? '' : `<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`;
  const otherWay = isStill
    ? '<a href="/">Reload by itself</a>'
    : `Reloads every ${REFRESH_SECONDS} seconds. <a href="/?still">Hold still</a>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}
<title>${ready} of ${nodes} nodes ready - Confab cluster</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Confab cluster: ${ready} of ${nodes} nodes ready</h1>
<p>The chat is at <a href="${escape(status.address)}">${escape(status.address)}</a>. ${otherWay}.</p>
<div class="wide" role="region" aria-label="Processes" tabindex="0">
<table>
<caption>Processes at <time datetime="${status.takenAt}">${status.takenAt.slice(11, 19)} UTC</time></caption>
<thead><tr>
<th scope="col">Process</th><th scope="col">State</th><th scope="col">Address</th>
<th scope="col" class="number">Connections</th><th scope="col" class="number">Events a second</th>
<th scope="col" class="number">Memory</th><th scope="col" class="number">Up for</th>
<th scope="col" class="number"><abbr title="process id">PID</abbr></th>
</tr></thead>
<tbody>
${status.processes.map(row).join('\n')}
</tbody>
</table>
</div>
</main>
<footer><p>Logs: <code>${escape(status.logFolder)}</code>. The same as data: <a href="/status.json">status.json</a>.</p></footer>
</body>
</html>
`;
}

function row(process: ProcessStatus): string {
  const { word, look } = stateOf(process);
  const numbers = [
    process.connections?.toString(),
    process.eventsPerSecond?.toFixed(1),
    process.memoryBytes === null ? undefined : `${Math.round(process.memoryBytes / MIB)} MiB`,
    process.uptimeSeconds === null ? undefined : durationOf(process.uptimeSeconds),
    process.pid?.toString(),
  ];
  return [
    `<tr><th scope="row">${escape(process.name)}</th>`,
    `<td class="${look}">${word}</td>`,
    `<td>${escape(process.address)}</td>`,
    ...numbers.map((text) => `<td class="number">${text ?? '-'}</td>`),
    '</tr>',
  ].join('');
}

/** A word for people, and how it looks: the word alone says it too. */
function stateOf({ state, ready }: ProcessStatus): { readonly word: string; readonly look: string } {
  switch (state) {
    case 'up':
      return ready === false
        ? { word: 'not ready', look: 'odd' }
        : { word: ready ? 'ready' : 'up', look: 'up' };
    case 'paused':
      return { word: 'paused', look: 'odd' };
    case 'down':
      return { word: 'down', look: 'down' };
  }
}

function durationOf(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
