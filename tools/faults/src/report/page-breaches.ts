import type { Around, AttemptRow, DeviceRow, LogRow } from './around.ts';
import { html, type Html } from './html.ts';
import type { ScenarioReport } from './report.ts';
import type { RecordedBreach } from './scenario-record.ts';

/** Of the places where something broke. */
const SHOWN_AT_ONCE = 5;

/** What went wrong in a scenario: the rules that it broke with the places, or what its test said. */
export function troubleCard(
  scenario: ScenarioReport,
  id: string,
  ruleTexts: ReadonlyMap<string, string>,
): Html {
  const { name, title, breaches, output } = scenario;
  const places = [...Map.groupBy(breaches, placeOf).values()];
  const [first, rest] = [places.slice(0, SHOWN_AT_ONCE), places.slice(SHOWN_AT_ONCE)];
  const shown = (all: readonly (readonly RecordedBreach[])[]): Html[] =>
    all.map((place) => placePart(place, ruleTexts));
  return html`<section class="card red" id="${id}" aria-labelledby="${id}-title">
    <h3 id="${id}-title"><span class="mark red">red</span> ${name}: ${title.replace(/^.* > /, '')}</h3>
    ${shown(first)}
    ${
      rest.length === 0
        ? null
        : html`<details>
            <summary>${rest.length} more places</summary>
            ${shown(rest)}
          </details>`
    }
    ${output === '' ? null : outputPart(output, breaches.length === 0)}
  </section>`;
}

function placeOf({ what, around }: RecordedBreach): string {
  return around === null ? what : `${around.where.conversationId} ${around.where.sequence ?? what}`;
}

function outputPart(output: string, isOpen: boolean): Html {
  const words = html`<summary>What the test said</summary>
    <pre tabindex="0">${output}</pre>`;
  return isOpen ? html`<details open>${words}</details>` : html`<details>${words}</details>`;
}

/** Breaches of one place, and the place once. */
function placePart(breaches: readonly RecordedBreach[], ruleTexts: ReadonlyMap<string, string>): Html {
  const around = breaches[0]?.around ?? null;
  return html`<article>
    ${breaches.map((breach) => breachPart(breach, ruleTexts))} ${around === null ? null : aroundPart(around)}
  </article>`;
}

function breachPart({ rule, what }: RecordedBreach, ruleTexts: ReadonlyMap<string, string>): Html {
  const text = ruleTexts.get(rule);
  const words = text === undefined ? null : html`<br /><span class="soft">The rule: ${text}</span>`;
  return html`<p><span class="rule">[${rule}]</span> <strong>${what}</strong>${words}</p>`;
}

function aroundPart({ where, log, attempts, devices }: Around): Html {
  return html`${attempts.length === 0 ? null : attemptTable(attempts)}
  ${log.length === 0 ? null : logTable(log, where.conversationId)}
  ${devices.length === 0 ? null : deviceTable(devices)}`;
}

function attemptTable(attempts: readonly AttemptRow[]): Html {
  return html`<div class="scroll">
    <table>
      <caption>
        The message: each attempt to send it, in milliseconds since the scenario's first
      </caption>
      <thead>
        <tr>
          <th scope="col">clientMessageId</th>
          <th scope="col">by</th>
          <th scope="col">over</th>
          <th scope="col" class="number">said</th>
          <th scope="col" class="number">answered</th>
          <th scope="col">outcome</th>
        </tr>
      </thead>
      <tbody>
        ${attempts.map(
          (attempt) =>
            html`<tr>
              <th scope="row"><code>${attempt.clientMessageId}</code></th>
              <td><code>${attempt.userId}</code></td>
              <td>${attempt.connection}</td>
              <td class="number">${attempt.invokedAtMs}</td>
              <td class="number">${attempt.endedAtMs ?? 'never'}</td>
              <td>${attempt.outcome}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function logTable(log: readonly LogRow[], conversationId: string): Html {
  return html`<div class="scroll">
    <table>
      <caption>
        The log of
        <code>${conversationId}</code>
        about that place, as it was read at the end
      </caption>
      <thead>
        <tr>
          <th scope="col" class="number">sequence</th>
          <th scope="col">event</th>
          <th scope="col">type</th>
          <th scope="col">by</th>
        </tr>
      </thead>
      <tbody>
        ${log.map((row) => {
          const event = row.eventId === null ? html`nothing` : html`<code>${row.eventId}</code>`;
          const note = row.isBroken ? html` <span class="mark red">here</span>` : null;
          const cells = html`<th scope="row" class="number">${row.sequence}${note}</th>
            <td>${event}</td>
            <td>${row.type}</td>
            <td><code>${row.senderId}</code></td>`;
          return row.isBroken
            ? html`<tr class="broken">
                ${cells}
              </tr>`
            : html`<tr>
                ${cells}
              </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function deviceTable(devices: readonly DeviceRow[]): Html {
  return html`<div class="scroll">
    <table>
      <caption>
        What each device applied there, in its own order
      </caption>
      <thead>
        <tr>
          <th scope="col">device</th>
          <th scope="col">events, by their sequence</th>
        </tr>
      </thead>
      <tbody>
        ${devices.map(({ device, steps, isBroken }) => {
          const applied = steps.length === 0 ? 'nothing' : steps.join(', ');
          const cells = html`<th scope="row">
              <code>${device}</code>${isBroken ? html` <span class="mark red">here</span>` : null}
            </th>
            <td>${applied}</td>`;
          return isBroken
            ? html`<tr class="broken">
                ${cells}
              </tr>`
            : html`<tr>
                ${cells}
              </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}
