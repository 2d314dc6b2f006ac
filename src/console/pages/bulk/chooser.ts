import { bulkPermission } from '../../../api/routes/bulk.ts';
import { bulkAction } from '../../../api/schemas/bulk.ts';
import type { BulkAction } from '../../../users/bulk.ts';
import { html, type Html } from '../../html.ts';
import { button, hidden, postForm } from '../../parts/form.ts';
import type { Visit } from '../../visit.ts';

/** What this person may do to many users at once. */
export function actionsOf({ may }: Visit): readonly BulkAction[] {
  return bulkAction.options.filter((action) => may.has(bulkPermission[action]));
}

export function mayAct(visit: Visit): boolean {
  return actionsOf(visit).length > 0;
}

/** The id of the form that ticks in rows belong to: a row has forms of its own. */
const form = 'chosen';

/** The tick of one row. */
export function tick({ words }: Visit, userId: number, name: string): Html {
  return html`<td class="tick">
    <input type="checkbox" name="ids" value="${userId}" form="${form}" aria-label="${words.bulk.chooseOf(name)}" />
  </td>`;
}

/** Acting on those who are ticked, where rows have ticks, or on all that the list has. */
export function chooser(visit: Visit, ticks: 'ticks' | 'no-ticks' = 'ticks'): Html {
  const { words, address } = visit;
  if (!mayAct(visit)) return html``;
  return postForm(
    visit,
    '/selections',
    [
      hidden('list', address),
      ticks === 'ticks' && button(words.bulk.ticked, 'plain', ['which', 'ticked']),
      button(words.bulk.all, 'plain', ['which', 'all']),
    ],
    'chooser',
    form,
  );
}
