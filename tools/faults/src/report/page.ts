import { html, Html } from './html.ts';
import { troubleCard } from './page-breaches.ts';
import { STYLE } from './page-style.ts';
import { isRed, needsOf, type Report, type ScenarioReport, type StageReport } from './report.ts';
import { readRuleTexts } from './rule-texts.ts';

/** The report as one page that needs nothing else. */
export function pageOf(report: Report): string {
  const all = report.runs.flatMap((run) =>
    run.scenarios.map((scenario, at) => ({ scenario, id: idOf(run, at) })),
  );
  const wrong = all.filter(({ scenario }) => isWrong(scenario));
  const troubles = report.runs.filter(({ trouble }) => trouble !== null);
  const ruleTexts = readRuleTexts();
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>
          ${isRed(report) ? 'Red' : 'Green'}: faults of ${report.startedAt.slice(0, 16).replace('T', ' ')}
        </title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header>${headline(report)}${figures(report)}</header>
        <main>
          ${wrong.length + troubles.length === 0 ? null : html`<h2>What went wrong</h2>`}
          ${troubles.map(
            ({ stage, trouble }) =>
              html`<section class="card red">
                <h3><span class="mark red">red</span> ${stage}</h3>
                <pre tabindex="0">${trouble}</pre>
              </section>`,
          )}
          ${wrong.map(({ scenario, id }) => troubleCard(scenario, id, ruleTexts))}
          ${report.runs.map((run) => stagePart(run))}
          <footer>
            The rules are those of docs/guarantees.md and docs/protocol.md. The same for programs:
            report.json, beside this page.
          </footer>
        </main>
      </body>
    </html> `;
  return page.text;
}

function headline(report: Report): Html {
  const scenarios = report.runs.flatMap((run) => run.scenarios);
  const wrong =
    scenarios.filter(isWrong).length + report.runs.filter(({ trouble }) => trouble !== null).length;
  const ran = scenarios.filter(({ outcome }) => outcome !== 'skipped').length;
  const words =
    wrong === 0 ? `Every promise was kept, in ${ran} scenarios` : `${wrong} of ${ran} scenarios went wrong`;
  const minutes =
    report.seconds < 90
      ? `${Math.round(report.seconds)} seconds`
      : `${Math.round(report.seconds / 60)} minutes`;
  return html`<h1 class="${isRed(report) ? 'verdict red' : 'verdict'}">${words}</h1>
    <p class="soft">
      Faults, ${report.runs.map(({ stage }) => `on ${stage === 'fleet' ? 'a fleet' : stage}`).join(' and ')},
      at scale ${report.scale}. Begun ${report.startedAt.slice(0, 19).replace('T', ' ')} UTC, took ${minutes}.
    </p>`;
}

function figures(report: Report): Html {
  const scenarios = report.runs.flatMap((run) => run.scenarios);
  const sum = (word: string): string =>
    scenarios.reduce((total, { counts }) => total + (counts[word] ?? 0), 0).toLocaleString('en');
  const rows: readonly (readonly [string, string])[] = [
    ['messages tried', sum('attempts')],
    ['acknowledged', sum('acknowledged')],
    ['answers lost', sum('unknown')],
    ['deliveries checked', sum('deliveries')],
    ['connections', sum('connections')],
    ['power cuts', sum('powerCuts')],
    ['rules broken', String(scenarios.reduce((total, { breaches }) => total + breaches.length, 0))],
  ];
  return html`<dl class="figures">
    ${rows.map(
      ([word, value]) =>
        html`<div>
          <dt>${word}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function stagePart(run: StageReport): Html {
  const titled = run.stage === 'fleet' ? 'On a fleet' : 'On one machine';
  return html`<h2>${titled}</h2>
    <div class="card scroll">
      <table>
        <caption>
          Each scenario, what it checked and what it cost; times in milliseconds
        </caption>
        <thead>
          <tr>
            <th scope="col">result</th>
            <th scope="col">scenario</th>
            <th scope="col">rules</th>
            <th scope="col" class="number">acknowledged</th>
            <th scope="col" class="number">deliveries</th>
            <th scope="col" class="number">longest pause</th>
            <th scope="col" class="number">slowest answer</th>
            <th scope="col" class="number">took</th>
          </tr>
        </thead>
        <tbody>
          ${run.scenarios.map((scenario, at) => scenarioRow(scenario, idOf(run, at)))}
        </tbody>
      </table>
    </div>`;
}

function scenarioRow(scenario: ScenarioReport, id: string): Html {
  const { name, rules, counts, measured, seconds } = scenario;
  const title = scenario.title.replace(/^.* > /, '').replaceAll(/\[[A-Z]+[\d.]+\]\s*/g, '');
  const row = html`<td>${mark(scenario, id)}</td>
    <th scope="row"><strong>${name}</strong>: ${title}${details(scenario)}</th>
    <td>${rules.join(' ')}</td>
    <td class="number">${shown(counts['acknowledged'])}</td>
    <td class="number">${shown(counts['deliveries'])}</td>
    <td class="number">${shown(measured['longestPauseMs'])}</td>
    <td class="number">${shown(measured['slowestAnswerMs'])}</td>
    <td class="number">${seconds.toFixed(1)} s</td>`;
  return isWrong(scenario)
    ? html`<tr class="broken">
        ${row}
      </tr>`
    : html`<tr>
        ${row}
      </tr>`;
}

function mark(scenario: ScenarioReport, id: string): Html {
  if (isWrong(scenario)) return html`<a href="#${id}" class="mark red">red</a>`;
  if (scenario.outcome === 'skipped') return html`<span class="mark skipped">skipped</span>`;
  return html`<span class="mark ok">ok</span>`;
}

/** Everything else that was counted and measured, for those who want it. */
function details(scenario: ScenarioReport): Html | null {
  const rows = [...Object.entries(scenario.counts), ...Object.entries(scenario.measured)];
  if (scenario.outcome === 'skipped') return html`<br /><span class="soft">${needsOf(scenario)}</span>`;
  if (rows.length === 0) return null;
  const text = rows.map(([word, value]) => `${word}: ${JSON.stringify(value)}`);
  return html`<details>
    <summary class="soft">figures</summary>
    <pre tabindex="0">${text.join('\n')}</pre>
  </details>`;
}

function shown(value: unknown): string {
  return typeof value === 'number' && value > 0 ? Math.round(value).toLocaleString('en') : '–';
}

function isWrong({ outcome, breaches }: ScenarioReport): boolean {
  return outcome === 'failed' || breaches.length > 0;
}

function idOf({ stage }: StageReport, at: number): string {
  return `${stage.replace(' ', '-')}-${at + 1}`;
}
