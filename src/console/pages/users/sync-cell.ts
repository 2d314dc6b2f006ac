import type { User } from '../../../api/schemas/users.ts';
import { html, type Html } from '../../html.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { badge } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';
import { hasSync, nameOf } from './present.ts';

/** The switch: how it stands, by whom and why; and what moves it, as far as this person may. */
export function syncCell(visit: Visit, user: User): Html {
  const { words, may } = visit;
  if (!hasSync(user)) return html`<span class="quiet">${words.sync.none}</span>`;
  const mayToggle = may.has('toggle-sync');
  if (user.sync.length > 0)
    return html`<div class="sync">
      ${badge('note', words.sync.off(user.syncEnabled ? user.sync.map(({ source }) => source ?? '').join(', ') : null))}
      ${user.sync.map(
        ({ by, reason, until }) =>
          html`<span class="quiet"
            >${words.sync.by(by)}${reason === null ? '' : `: ${reason}`}${
              until === null ? '' : html`, ${words.sync.until} ${timeText(visit, until)}`
            }</span
          >`,
      )}
      ${mayToggle ? html`<a class="act" href="/users/${user.id}/acts/sync-on">${words.sync.switchOn}<span class="unseen"> ${nameOf(user)}</span></a>` : ''}
    </div>`;
  if (!mayToggle) return badge('good', words.sync.on);
  return html`<details class="switch" name="switch">
    <summary>
      ${badge('good', words.sync.on)}<span class="unseen">, ${words.sync.switchOffOf(nameOf(user))}</span>
    </summary>
    ${offForm(visit, user)}
  </details>`;
}

/** Switching off: why, until when, and of which source. */
function offForm(visit: Visit, user: User): Html {
  const { words, address } = visit;
  const id = (name: string): string => `${name}-${String(user.id)}`;
  const sources = user.profiles.filter(({ state }) => state !== 'unlinked').map(({ source }) => source);
  return postForm(
    visit,
    `/users/${String(user.id)}/sync/off`,
    html`<p class="switch-title">${words.sync.switchOffOf(nameOf(user))}</p>
      ${hidden('back', address)}${hidden('version', user.version)}
      ${field({ id: id('reason'), name: 'reason', label: words.acts.reason, required: true })}
      ${field({ id: id('until'), name: 'until', label: words.sync.untilDay, hint: words.sync.untilHint, type: 'date' })}
      ${
        sources.length > 1
          ? choice({
              id: id('source'),
              name: 'source',
              label: words.sync.scope,
              value: '',
              options: [['', words.sync.everySource], ...sources.map((source) => [source, source] as const)],
            })
          : ''
      }
      <p class="actions">${button(words.sync.switchOff)}</p>`,
    'popover',
  );
}
