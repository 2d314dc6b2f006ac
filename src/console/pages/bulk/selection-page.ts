import type { BulkAction } from '../../../users/bulk.ts';
import type { Selection } from '../../../users/selections.ts';
import { html, type Html } from '../../html.ts';
import { fieldName } from '../../parts/changes.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { nameOf, type Named } from '../users/present.ts';
import { actionsOf } from './chooser.ts';
import { filtersOf, mostWithoutWord, needsOf } from './present.ts';

/** What somebody has filled in so far; `refusal` says what was wrong with it. */
export interface Asked {
  readonly action?: BulkAction | undefined;
  readonly value?: string | undefined;
  readonly until?: string | undefined;
  readonly insist?: 'yes' | undefined;
  readonly reason?: string | undefined;
  readonly refusal: string | null;
}

interface Shown {
  readonly selection: Selection;
  /** Those of the first who can be seen. */
  readonly users: readonly Named[];
  /** Teams or roles to choose from. */
  readonly names: readonly string[];
  readonly asked: Asked;
}

/** How many, from which list, who; what to do with them; and the button, which says both. */
export function selectionPage(visit: Visit, { selection, users, names, asked }: Shown): Html {
  const { words } = visit;
  const { bulk } = words;
  const rest = selection.users - users.length;
  return html`<p class="crumbs"><a href="${selection.address}">${bulk.toList}</a></p>
    <h1>${bulk.title(selection.users)}</h1>
    <p>
      ${bulk.from} ${filterList(visit, selection)}
      <span class="quiet">${timeText(visit, selection.madeAt.toISOString())}</span>
    </p>
    <p class="quiet">${bulk.hint}</p>
    <p>
      ${users.map((user, index) => html`${index === 0 ? '' : ', '}<a href="/users/${user.id}">${nameOf(user)}</a>`)}
      ${rest > 0 ? html`<a href="${selection.address}">${bulk.andMore(rest)}</a>` : ''}
    </p>
    ${asked.refusal === null ? '' : notice('bad', asked.refusal)}
    <form method="get" action="/selections/${selection.id}" class="card filters">
      ${choice({
        id: 'action',
        name: 'action',
        label: bulk.what,
        value: asked.action ?? '',
        options: actionsOf(visit).map((each) => [each, bulk.actions[each]] as const),
      })}
      ${button(bulk.goOn, asked.action === undefined ? 'main' : 'plain')}
    </form>
    ${asked.action === undefined ? '' : doing(visit, { ...asked, action: asked.action }, selection, names)}`;
}

/** Which filter, in the words of the list. */
function filterList({ words }: Visit, { address }: Selection): Html {
  const filters = filtersOf(address);
  const place = address.startsWith('/worklist') ? words.places.worklist : words.users.title;
  if (filters.length === 0) return html`<a href="${address}">${place}</a>, ${words.bulk.everybody};`;
  const labels: Readonly<Record<string, string>> = {
    ...{ q: words.users.search, sync: words.users.sync, active: words.users.shown, role: words.user.role },
    ...{ team: words.users.team, source: words.acts.source, linked: words.users.linked },
    account: words.users.accountState,
  };
  return html`<a href="${address}">${place}</a>,
    ${filters.map(([name, value]) => html`${labels[name] ?? fieldName(words, name)}: <strong>${value}</strong>; `)}`;
}

function doing(
  visit: Visit,
  { action, value, until, insist, reason }: Asked & { readonly action: BulkAction },
  { id, users }: Selection,
  names: readonly string[],
): Html {
  const { words, may } = visit;
  const { bulk } = words;
  const needed = needsOf(action);
  const takesAway = action === 'disable' || action.startsWith('unassign');
  return postForm(
    visit,
    `/selections/${String(id)}`,
    [
      html`<h2>${bulk.actions[action]}</h2>`,
      hidden('action', action),
      needed === null
        ? ''
        : choice({
            ...{ id: 'value', name: 'value', value: value ?? '' },
            label: { role: words.user.role, team: words.users.team, field: words.changes.field }[needed],
            options: ['', ...names].map((each) => [each, needed === 'field' ? fieldName(words, each) : each] as const),
          }),
      action === 'disable-sync'
        ? field({
            ...{ id: 'until', name: 'until', label: words.sync.untilDay, value: until, type: 'date' },
            hint: words.sync.untilHint,
          })
        : '',
      action === 'disable' && may.has('override-acd-presence')
        ? html`<p>
            <label class="check"
              ><input type="checkbox" name="insist" value="yes" ${insist === 'yes' ? html`checked` : ''} />
              ${bulk.insist}</label
            >
          </p>`
        : '',
      field({ id: 'reason', name: 'reason', label: words.acts.reason, value: reason, hint: words.acts.reasonHint }),
      users > mostWithoutWord
        ? field({ id: 'word', name: 'word', label: bulk.wordLabel(users, bulk.word), required: true, maxlength: 100 })
        : '',
      html`<p class="actions">${button(bulk.button(bulk.actions[action], users), takesAway ? 'danger' : 'main')}</p>`,
    ],
    'card',
  );
}
