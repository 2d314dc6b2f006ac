import type { Run } from '../../../api/schemas/runs.ts';
import { html, type Html } from '../../html.ts';
import { badge } from '../../parts/notice.ts';
import { numberText, timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { countsOf, secondsOf, toneOf } from './present.ts';

/** Runs in rows: which source, how it ended, what it counted, who asked for it. */
export function runTable(visit: Visit, runs: readonly Run[]): Html {
  const { words } = visit;
  const now = Date.now();
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">${words.runs.run}</th>
        <th scope="col">${words.acts.source}</th>
        <th scope="col">${words.runs.state}</th>
        <th scope="col">${words.runs.counts}</th>
        <th scope="col">${words.runs.asked}</th>
        <th scope="col">${words.runs.took}</th>
      </tr>
    </thead>
    <tbody>
      ${runs.map(
        (run) =>
          html`<tr id="run-${run.id}">
            <th scope="row"><a href="/runs/${run.id}">${words.log.run(run.id)}</a></th>
            <td data-label="${words.acts.source}">
              ${run.source ?? words.runs.everySource} <span class="quiet">${words.runs.modes[run.mode]}</span>
            </td>
            <td data-label="${words.runs.state}">${badge(toneOf(run), words.runs.states[run.state])}</td>
            <td data-label="${words.runs.counts}">${countList(visit, run)}</td>
            <td data-label="${words.runs.asked}">
              ${timeText(visit, run.askedAt)} <span class="quiet">${words.sync.by(run.askedBy)}</span>
            </td>
            <td data-label="${words.runs.took}">${tookText(visit, run, now)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Every number with what it counts. */
function countList(visit: Visit, run: Run): Html {
  const counts = countsOf(run).filter(([name]) => name !== 'unchanged');
  return html`<ul class="counts">
    ${counts.map(([name, count]) => html`<li><span class="number">${numberText(visit, count)}</span> ${visit.words.runs.countNames[name]}</li>`)}
  </ul>`;
}

function tookText({ words }: Visit, run: Run, now: number): string {
  const seconds = secondsOf(run, now);
  return seconds === null ? '' : words.runs.seconds(seconds);
}
