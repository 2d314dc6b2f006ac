import type { Page } from '../../../api/dependencies.ts';
import type { Run, ShownDecision } from '../../../api/schemas/runs.ts';
import { html, type Html } from '../../html.ts';
import { changeLine } from '../../parts/changes.ts';
import { button, field, hidden, postForm } from '../../parts/form.ts';
import { pager } from '../../parts/pager.ts';
import type { Visit } from '../../visit.ts';

/** What a held run would do, everybody by name; approving and discarding stand below it and are bound to what is shown. */
export function heldPart(
  visit: Visit,
  run: Run,
  { items, next }: Page<ShownDecision>,
  names: ReadonlyMap<number, string>,
): Html {
  const { words, may } = visit;
  return html`<section class="held" aria-labelledby="held">
    <h2 id="held">${words.held.title}</h2>
    <p>${words.held.text}</p>
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${words.held.whom}</th>
          <th scope="col">${words.held.what}</th>
          <th scope="col">${words.held.changes}</th>
        </tr>
      </thead>
      <tbody>
        ${items.map(
          (each) =>
            html`<tr>
              <th scope="row">
                ${each.userId === null ? (each.externalId ?? '') : html`<a href="/users/${each.userId}">${names.get(each.userId) ?? `#${String(each.userId)}`}</a> <span class="quiet">${each.username}</span>`}
              </th>
              <td data-label="${words.held.what}">
                ${words.held.kinds[each.kind]}${each.externalId === null || each.userId === null ? '' : html` <span class="quiet">${each.externalId}</span>`}
              </td>
              <td data-label="${words.held.changes}">${changeLine(words, each.changes)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${pager(visit, next)}
    ${may.has('run-and-approve') && run.digest !== null ? verdicts(visit, run, run.digest) : html`<p class="quiet">${words.held.notYours}</p>`}
  </section>`;
}

function verdicts(visit: Visit, run: Run, digest: string): Html {
  const { words } = visit;
  const to = (verdict: string): string => `/runs/${String(run.id)}/${verdict}`;
  return html`<div class="verdicts">
      ${postForm(visit, to('approve'), [hidden('digest', digest), html`<p>${words.held.approveText}</p>`, html`<p class="actions">${button(words.held.approve)}</p>`], 'card')}
      ${postForm(visit, to('discard'), [hidden('digest', digest), html`<p>${words.held.discardText}</p>`, field({ id: 'reason', name: 'reason', label: words.acts.reason, required: true }), html`<p class="actions">${button(words.held.discard, 'danger')}</p>`], 'card')}
    </div>
    <p class="quiet">${words.held.digest} <code>${digest.slice(0, 12)}</code></p>`;
}
