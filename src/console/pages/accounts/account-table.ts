import type { Account } from '../../../api/schemas/accounts.ts';
import { html, type Html, type Part } from '../../html.ts';
import { button, field, hidden, postForm } from '../../parts/form.ts';
import { badge } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';

/** Accounts in rows: what they are called, how they are, whose they are or why nobody's. */
export function accountTable(visit: Visit, items: readonly Account[], names: ReadonlyMap<number, string>): Html {
  const { words, may } = visit;
  const acts = may.has('edit-users');
  return html`<table class="list dense">
    <thead>
      <tr>
        <th scope="col">${words.accounts.account}</th>
        <th scope="col">${words.accounts.names}</th>
        <th scope="col">${words.accounts.state}</th>
        <th scope="col">${words.accounts.user}</th>
        <th scope="col">${words.accounts.reason}</th>
        ${acts ? html`<th scope="col">${words.operators.acts}</th>` : ''}
      </tr>
    </thead>
    <tbody>
      ${items.map(
        (account) =>
          html`<tr id="account-${account.id}">
            <th scope="row">
              ${account.externalId} <a class="quiet" href="/sources/${account.source}">${account.source}</a>
            </th>
            <td data-label="${words.accounts.names}">${calledOf(account)}</td>
            <td data-label="${words.accounts.state}">${stateOf(visit, account)}</td>
            <td data-label="${words.accounts.user}">
              ${account.userId === null ? '' : html`<a href="/users/${account.userId}">${names.get(account.userId) ?? `#${String(account.userId)}`}</a>`}
            </td>
            <td data-label="${words.accounts.reason}">${whyOf(visit, account)}</td>
            ${acts ? html`<td data-label="${words.operators.acts}">${ignoring(visit, account)}</td>` : ''}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** What the source calls it. */
function calledOf({ values }: Account): Html {
  const full = [values['firstName'], values['lastName']].filter((each) => (each ?? '') !== '').join(' ');
  const name = (values['displayName'] ?? '') === '' ? full : (values['displayName'] ?? '');
  const login = values['username'] ?? values['windowsLogin'] ?? '';
  return html`${name} <span class="quiet">${login} ${values['email'] ?? ''}</span>`;
}

function stateOf(visit: Visit, { state, goneSince, disabledSince }: Account): Html {
  const since = goneSince ?? disabledSince;
  const tones = { present: 'good', disabled: 'note', gone: 'bad' } as const;
  return html`${badge(tones[state], visit.words.profileStates[state])}
  ${state === 'present' || since === null ? '' : html` <span class="quiet">${timeText(visit, since)}</span>`}`;
}

/** Why it is nobody's, or why its link does nothing. */
function whyOf({ words }: Visit, { match, reason, reviewItem, ignored }: Account): Part {
  const { accounts } = words;
  const known: Readonly<Record<string, string>> = accounts.reasons;
  const told = reason === null ? '' : (known[reason] ?? reason);
  if (ignored !== null) {
    const who = ignored.by === 'filter' ? accounts.byFilter : words.sync.by(ignored.name ?? '');
    return html`${who}${ignored.reason === null ? '' : `: ${ignored.reason}`}`;
  }
  if (reviewItem !== null)
    return html`${accounts.matches[match]}: <a href="/questions/${reviewItem}">${accounts.question}</a>`;
  return match === 'linked' ? told : `${accounts.matches[match]}${told === '' ? '' : ` ${told}`}`;
}

/** A linked one is somebody's, and not to be ignored. */
function ignoring(visit: Visit, { id, source, externalId, match, ignored }: Account): Part {
  const { words, address } = visit;
  const which = [hidden('back', address), hidden('source', source), hidden('externalId', externalId)];
  if (ignored !== null)
    return ignored.by === 'person'
      ? postForm(visit, '/accounts/unignore', [which, button(words.accounts.unignore, 'plain')])
      : '';
  if (match === 'linked') return '';
  return html`<details>
    <summary>${words.accounts.ignore}<span class="unseen"> ${externalId}</span></summary>
    ${postForm(visit, '/accounts/ignore', [
      which,
      field({ id: `reason-${String(id)}`, name: 'reason', label: words.acts.reason, required: true }),
      html`<p class="actions">${button(words.accounts.ignoreOf(externalId), 'plain')}</p>`,
    ])}
  </details>`;
}
