import { html, type Html } from '../../html.ts';
import { filterByName, filterChoice, filterForm } from '../../parts/filters.ts';
import { choice, field } from '../../parts/form.ts';
import type { Visit } from '../../visit.ts';
import { hasMoreFilters, type UserQuery } from './query.ts';

/** What can be chosen from. */
interface Known {
  readonly sources: readonly string[];
  readonly roles: readonly string[];
}

/** Search as you type; what is asked for less often is folded away until it is used. */
export function userFilters(visit: Visit, query: UserQuery, { sources, roles }: Known): Html {
  const { words } = visit;
  const shown = [
    ['', words.users.activeOnly],
    ['inactive', words.users.inactiveOnly],
    ['all', words.users.everybody],
  ] as const;
  const sync = [
    ['on', words.users.syncOn],
    ['off', words.users.syncOff],
  ] as const;
  const linked = [
    ['yes', words.users.linkedYes],
    ['no', words.users.linkedNo],
  ] as const;
  const states = (['present', 'disabled', 'gone'] as const).map((each) => [each, words.profileStates[each]] as const);
  const more = html`<details class="more" ${hasMoreFilters(query) ? html`open` : ''}>
    <summary>${words.bulk.more}</summary>
    <div class="filters">
      ${field({ id: 'team', name: 'team', label: words.users.team, value: query.team, maxlength: 256 })}
      ${filterByName(visit, 'role', words.user.role, query.role, roles)}
      ${filterByName(visit, 'source', words.acts.source, query.source, sources)}
      ${filterChoice(visit, 'linked', words.users.linked, query.linked, linked)}
      ${filterChoice(visit, 'account', words.users.accountState, query.account, states)}
    </div>
  </details>`;
  return html`${filterForm(visit, { action: '/users', target: 'users', search: true, more }, [
      html`<div class="field grow">
        <label for="q">${words.users.search}</label>
        <input
          id="q"
          name="q"
          type="search"
          value="${query.q ?? ''}"
          maxlength="200"
          autocomplete="off"
          autofocus
          aria-describedby="q-hint"
        />
      </div>`,
      filterChoice(visit, 'sync', words.users.sync, query.sync, sync),
      choice({ id: 'active', name: 'active', label: words.users.shown, value: query.active ?? '', options: shown }),
    ])}
    <p class="hint" id="q-hint">${words.users.searchHint}</p>`;
}
