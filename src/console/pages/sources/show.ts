import type { Run } from '../../../api/schemas/runs.ts';
import type { Source } from '../../../api/schemas/sources.ts';
import { html, type Html } from '../../html.ts';
import { codeLink } from '../../parts/code.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { badge, notice } from '../../parts/notice.ts';
import { numberText, timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { sourceLines, toneOf } from '../overview/present.ts';
import { sentence } from '../overview/sentence.ts';

/** One step of a check, as connectors tell it. */
export interface CheckStep {
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly code?: string | undefined;
  readonly remedy?: string | undefined;
}

/** A source: what is so, what it counts, what can be done. */
export function sourcePage(visit: Visit, source: Source, held: readonly Run[], check: Html | null, now: number): Html {
  const { words, may } = visit;
  const [line] = sourceLines([source], held, now);
  return html`<p class="crumbs"><a href="/">${words.places.overview}</a></p>
    <h1>${source.id} <span class="quiet">${source.kind}</span></h1>
    ${line === undefined ? '' : html`<p>${badge(toneOf(line.standing), words.overview.kinds[line.standing.kind])} ${sentence(visit, line, now)}</p>`}
    ${check ?? ''}
    <div class="columns">
      <div>
        <h2>${words.users.accounts}</h2>
        <dl class="numbers">
          ${Object.entries(source.accounts).map(
            ([name, count]) =>
              html`<div>
                <dt>${words.source.counts[name as keyof Source['accounts']]}</dt>
                <dd>
                  <a href="${accountsAt(source.id, name as keyof Source['accounts'])}">${numberText(visit, count)}</a>
                </dd>
              </div>`,
          )}
        </dl>
        <h2>${words.source.facts}</h2>
        <dl class="facts">
          <dt>${words.source.lastSuccess}</dt>
          <dd>${source.lastSuccessAt === null ? words.changes.nothing : timeText(visit, source.lastSuccessAt)}</dd>
          <dt>${words.source.lastWhole}</dt>
          <dd>${source.lastCompleteAt === null ? words.changes.nothing : timeText(visit, source.lastCompleteAt)}</dd>
          ${
            source.schedule === null
              ? ''
              : html`<dt>${words.source.schedule}</dt>
                  <dd>
                    <code>${source.schedule.full}</code
                    >${source.schedule.delta === undefined ? '' : html`, ${words.runs.modes.delta} <code>${source.schedule.delta}</code>`}
                    (${source.schedule.timeZone})
                  </dd>`
          }
          ${
            source.systemId === null
              ? ''
              : html`<dt>${words.source.system}</dt>
                  <dd><code>${source.systemId}</code></dd>`
          }
        </dl>
        <p><a href="/runs?source=${source.id}">${words.source.runs}</a></p>
      </div>
      <aside>
        ${
          may.has('run-and-approve')
            ? postForm(
                visit,
                '/syncs',
                [
                  hidden('source', source.id),
                  choice({
                    id: 'mode',
                    name: 'mode',
                    label: words.source.mode,
                    value: 'delta',
                    options: [
                      ['delta', words.source.modes.delta],
                      ['full', words.source.modes.full],
                    ],
                  }),
                  html`<p class="actions">${button(words.runs.syncNow)}</p>`,
                ],
                'card',
              )
            : ''
        }
        ${may.has('run-and-approve') ? postForm(visit, `/sources/${source.id}/check`, [html`<p class="hint">${words.source.checkHint}</p>`, button(words.source.check, 'plain')], 'card') : ''}
        ${may.has('manage-sources') ? management(visit, source) : ''}
      </aside>
    </div>`;
}

/** The accounts that a number counts. */
function accountsAt(source: string, counted: keyof Source['accounts']): string {
  const of = `/accounts?source=${encodeURIComponent(source)}`;
  switch (counted) {
    case 'present':
    case 'disabled':
    case 'gone':
      return `${of}&tab=all&state=${counted}`;
    case 'linked':
      return `${of}&tab=matched&state=present`;
    case 'ignored':
    case 'unlinked':
      return `${of}&tab=${counted}&state=present`;
    case 'undecided':
      return `${of}&why=new&state=present`;
    default:
      return `${of}&why=${counted}&state=present`;
  }
}

function management(visit: Visit, source: Source): Html {
  const { words } = visit;
  const rests = source.state === 'paused' || source.state === 'retired';
  const acts = rests ? (['resume'] as const) : (['pause', 'retire'] as const);
  return html`${
    source.newSystemId === null
      ? ''
      : postForm(
          visit,
          `/sources/${source.id}/confirm`,
          [
            hidden('systemId', source.newSystemId),
            html`<p>${words.source.confirmText} <code>${source.newSystemId}</code></p>`,
            field({ id: 'reason-confirm', name: 'reason', label: words.acts.reason }),
            html`<p class="actions">${button(words.source.acts.confirm, 'danger')}</p>`,
          ],
          'card',
        )
  }
  ${acts.map((act) =>
    postForm(
      visit,
      `/sources/${source.id}/${act}`,
      [
        html`<p class="hint">${words.source.hints[act]}</p>`,
        field({ id: `reason-${act}`, name: 'reason', label: words.acts.reason }),
        html`<p class="actions">${button(words.source.acts[act], act === 'retire' ? 'danger' : 'plain')}</p>`,
      ],
      'card',
    ),
  )}`;
}

/** Step by step: how far it got, and what to do where it did not. */
export function checkPart(visit: Visit, steps: readonly CheckStep[]): Html {
  const { words } = visit;
  const failed = steps.some(({ outcome }) => outcome === 'failed');
  return html`<section aria-labelledby="check">
    <h2 id="check">${words.source.checked}</h2>
    ${notice(failed ? 'bad' : 'good', failed ? words.source.checkFailed : words.source.checkGood)}
    <ol class="steps card">
      ${steps.map(
        ({ name, outcome, detail, code, remedy }) =>
          html`<li>
            <p>
              <strong>${name}</strong>
              ${badge({ ok: 'good', warning: 'note', failed: 'bad' }[outcome] as 'good', words.source.outcomes[outcome])}
            </p>
            <p>${detail}${code === undefined ? '' : html` (${codeLink(visit, code)})`}</p>
            ${remedy === undefined ? '' : html`<p><strong>${words.source.remedy}</strong> ${remedy}</p>`}
          </li>`,
      )}
    </ol>
  </section>`;
}
