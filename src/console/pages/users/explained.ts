import type { Explanation } from '../../../api/schemas/explanation.ts';
import type { User } from '../../../api/schemas/users.ts';
import { html, type Html, type Part } from '../../html.ts';
import { changeTable, fieldName } from '../../parts/changes.ts';
import { badge } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';

type Voice = NonNullable<Explanation['fields'][number]['winner']>;
type Account = Explanation['accounts'][number];

/** Every field: its value, who supplies it by which rule, what others say, and what a person may do about it. */
export function fieldsSection(visit: Visit, user: User, { fields }: Explanation): Html {
  const { words } = visit;
  const known = fields.filter(({ value, losers }) => value !== null || losers.length > 0);
  return html`<section aria-labelledby="fields">
    <h2 id="fields">${words.user.fields}</h2>
    <table class="list fields">
      <thead>
        <tr>
          <th scope="col">${words.changes.field}</th>
          <th scope="col">${words.acts.value}</th>
          <th scope="col">${words.user.from}</th>
        </tr>
      </thead>
      <tbody>
        ${known.map(
          ({ field, value, derived, winner, losers }) =>
            html`<tr>
              <th scope="row">${fieldName(words, field)}</th>
              <td data-label="${words.acts.value}">
                ${value ?? html`<span class="quiet">${words.changes.nothing}</span>`}${derived ? html` <em class="quiet">${words.user.derived}</em>` : ''}
              </td>
              <td data-label="${words.user.from}">
                ${winner === null ? '' : voiceText(visit, winner)}
                ${
                  losers.length === 0
                    ? ''
                    : html`<details>
                        <summary>${words.user.others(losers.length)}</summary>
                        <ul class="plain">
                          ${losers.map((each) => html`<li>${each.value} <span class="quiet">${voiceText(visit, each)}</span></li>`)}
                        </ul>
                      </details>`
                }
                ${fieldActs(visit, user, field, winner)}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function voiceText(visit: Visit, { kind, source, rule, by, reason, since, silentSince, linked }: Voice): Html {
  const { words } = visit;
  const who = kind === 'source' ? (source ?? '') : words.voices[kind];
  return html`<strong>${who}</strong>${by === null ? '' : ` ${words.sync.by(by)}`}
    <span class="quiet"
      >${rule}${reason === null ? '' : ` (${reason})`}${
        since === null ? '' : html`, ${words.user.since} ${timeText(visit, since)}`
      }${silentSince === null ? '' : html`, ${words.user.silentSince} ${timeText(visit, silentSince)}`}${linked === false ? `, ${words.user.ended}` : ''}</span
    >`;
}

function fieldActs({ words, may }: Visit, user: User, field: string, winner: Voice | null): Part {
  if (!may.has('edit-users') || field === 'acdId') return '';
  const query = `field=${encodeURIComponent(field)}`;
  const about = html`<span class="unseen"> ${fieldName(words, field)}</span>`;
  return html`<a class="act" href="/users/${user.id}/acts/set?${query}">${words.user.edit}${about}</a>
    ${winner?.kind === 'override' ? html`<a class="act" href="/users/${user.id}/acts/unset?${query}">${words.user.unset}${about}</a>` : ''}`;
}

/** The accounts side by side, and what holds them back. */
export function accountsSection(visit: Visit, user: User, { accounts }: Explanation): Html {
  const { words } = visit;
  if (accounts.length === 0) return html``;
  return html`<section aria-labelledby="accounts">
    <h2 id="accounts">${words.users.accounts}</h2>
    <div class="tiles">
      ${accounts.map(
        (account) =>
          html`<article class="card" id="account-${account.source}">
            <h3>${account.source} <span class="quiet">${account.externalId}</span></h3>
            <p>${stateBadge(visit, account)} <span class="quiet">${linkedText(visit, account)}</span></p>
            ${account.holds.map(
              (hold) =>
                html`<div class="hold">
                  <p>
                    <strong>${words.user.heldBack}:</strong>
                    ${hold.message}${hold.part === null ? '' : ` (${fieldName(words, hold.part)})`}
                  </p>
                  ${
                    hold.changes.length === 0
                      ? ''
                      : html`<p class="quiet">${words.user.ifLifted}</p>
                          ${changeTable(words, hold.changes)}`
                  }
                </div>`,
            )}
            ${
              account.holds.length === 0 && account.pending.length > 0
                ? html`<p>${words.user.pending}</p>
                    ${changeTable(words, account.pending)}`
                : ''
            }
          </article>`,
      )}
    </div>
  </section>`;
}

function stateBadge({ words }: Visit, { state }: Account): Html {
  const tones = { present: 'good', disabled: 'note', gone: 'bad', unlinked: 'quiet' } as const;
  return badge(tones[state], words.profileStates[state]);
}

function linkedText(visit: Visit, { linkedSince, unlinkedSince, origin, rule }: Account): Html {
  const { words } = visit;
  const how = rule === null ? origin : `${origin}, ${rule}`;
  if (unlinkedSince !== null) return html`${words.user.unlinked} ${timeText(visit, unlinkedSince)}`;
  return html`${how}${linkedSince === null ? '' : html`, ${words.user.since} ${timeText(visit, linkedSince)}`}`;
}

/** Roles, who gave them, and those that a person has taken away. */
export function rolesSection(visit: Visit, user: User, { roles, missingPrivileges }: Explanation): Html {
  const { words, may } = visit;
  const mayChange = may.has('assign-user-roles');
  return html`<section class="card" aria-labelledby="roles">
    <h2 id="roles">${words.user.roles}</h2>
    <ul class="plain">
      ${roles.map(
        ({ role, held, givenBy, takenBy }) =>
          html`<li>
            ${held ? html`<strong>${role}</strong>` : html`<del>${role}</del>`}
            <span class="quiet"
              >${takenBy === null ? words.user.givenBy(givenBy.join(', ')) : words.user.takenBy(takenBy)}</span
            >
            ${mayChange ? html`<a class="act" href="/users/${user.id}/acts/role?role=${encodeURIComponent(role)}&amp;word=${held ? 'take' : 'withdraw'}">${held ? words.wordNames.take : words.wordNames.withdraw}<span class="unseen"> ${role}</span></a>` : ''}
          </li>`,
      )}
    </ul>
    ${missingPrivileges.length === 0 ? '' : html`<p>${words.user.missingPrivileges(missingPrivileges.join(', '))}</p>`}
    ${mayChange ? html`<p><a class="act" href="/users/${user.id}/acts/role?word=give">${words.user.giveRole}</a></p>` : ''}
  </section>`;
}

/** Teams with the main one, and those that a person has taken away. */
export function teamsSection(visit: Visit, user: User, { teams }: Explanation): Html {
  const { words, may } = visit;
  const mayChange = may.has('edit-users');
  return html`<section class="card" aria-labelledby="teams">
    <h2 id="teams">${words.user.teams}</h2>
    <ul class="plain">
      ${teams.map(
        ({ team, held, main, givenBy, takenBy }) =>
          html`<li>
            ${held ? html`<strong>${team}</strong>` : html`<del>${team}</del>`}${main ? html` ${badge('note', words.user.mainTeam)}` : ''}
            <span class="quiet"
              >${takenBy === null ? words.user.givenBy(givenBy.join(', ')) : words.user.takenBy(takenBy)}</span
            >
            ${mayChange ? html`<a class="act" href="/users/${user.id}/acts/team?team=${encodeURIComponent(team)}&amp;word=${held ? 'take' : 'withdraw'}">${held ? words.wordNames.take : words.wordNames.withdraw}<span class="unseen"> ${team}</span></a>` : ''}
          </li>`,
      )}
    </ul>
    <p class="quiet">${words.user.group} ${user.group}</p>
    ${user.supervises.map((team) => html`<p class="quiet">${words.user.supervises} ${team} ${mayChange ? html`<a class="act" href="/users/${user.id}/acts/supervision?team=${encodeURIComponent(team)}&amp;word=take">${words.wordNames.take}<span class="unseen"> ${team}</span></a>` : ''}</p>`)}
    <p class="quiet">
      ${words.life.scope}
      ${user.scope.full ? words.life.everything : [...user.scope.groups, ...user.scope.teams].join(', ')}
    </p>
    ${
      mayChange
        ? html`<p>
            <a class="act" href="/users/${user.id}/acts/team?word=give">${words.user.giveTeam}</a>
            <a class="act" href="/users/${user.id}/acts/supervision?word=give">${words.actNames.supervision}</a>
            ${user.teams.length > 1 ? html`<a class="act" href="/users/${user.id}/acts/main-team">${words.actNames['main-team']}</a>` : ''}
          </p>`
        : ''
    }
  </section>`;
}
