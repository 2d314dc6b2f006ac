import type { Team, TeamDetail } from '../../../api/schemas/teams.ts';
import { html, type Html, type Part } from '../../html.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { badge, empty } from '../../parts/notice.ts';
import { numberText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';

/** All teams, every number with whom it counts. */
export function teamList(visit: Visit, teams: readonly Team[]): Html {
  const { words } = visit;
  return html`<h1>${words.teams.title}</h1>
    <p class="quiet">${words.teams.text} <a href="/team-bindings">${words.teams.bindingsTitle}</a></p>
    ${
      teams.length === 0
        ? empty(words.teams.none, words.teams.noneNext)
        : html`<table class="list">
            <thead>
              <tr>
                <th scope="col">${words.users.team}</th>
                <th scope="col">${words.teams.group}</th>
                <th scope="col">${words.teams.members}</th>
                <th scope="col">${words.teams.supervisors}</th>
                <th scope="col">${words.teams.bindings}</th>
              </tr>
            </thead>
            <tbody>
              ${teams.map(
                (team) =>
                  html`<tr>
                    <th scope="row"><a href="${addressOf(team)}">${team.name}</a></th>
                    <td data-label="${words.teams.group}">${team.group}</td>
                    <td data-label="${words.teams.members}">
                      <a href="${membersOf(team)}">${numberText(visit, team.members)}</a>
                    </td>
                    <td data-label="${words.teams.supervisors}">
                      <a href="${addressOf(team)}#supervisors">${numberText(visit, team.supervisors)}</a>
                    </td>
                    <td data-label="${words.teams.bindings}">${bindings(visit, team)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }`;
}

/** One team: its people, what is bound to it, and its name. */
export function teamPage(visit: Visit, team: TeamDetail, others: readonly string[]): Html {
  const { words, may } = visit;
  return html`<p class="crumbs"><a href="/teams">${words.teams.title}</a></p>
    <h1>${team.name} <span class="quiet">${team.group}</span></h1>
    <div class="columns">
      <div>
        <h2>${words.teams.members} ${numberText(visit, team.members)}</h2>
        ${people(visit, team.memberNames)}
        <p><a href="${membersOf(team)}">${words.teams.all}</a></p>
        <h2 id="supervisors">${words.teams.supervisors} ${numberText(visit, team.supervisors)}</h2>
        ${people(visit, team.supervisorNames)}
        <h2>${words.teams.bindings}</h2>
        ${team.bindings.length === 0 ? html`<p class="quiet">${words.changes.nothing}</p>` : bindings(visit, team)}
      </div>
      <aside>${may.has('edit-users') ? acts(visit, team, others) : ''}</aside>
    </div>`;
}

function people({ words }: Visit, names: readonly string[]): Html {
  if (names.length === 0) return html`<p class="quiet">${words.teams.nobody}</p>`;
  return html`<ul class="counts">
    ${names.map((name) => html`<li><a href="/users?q=${encodeURIComponent(name)}">${name}</a></li>`)}
  </ul>`;
}

function bindings({ words }: Visit, { bindings: all }: Team): Html {
  return html`<ul class="plain">
    ${all.map(
      ({ source, externalId, name, gone }) =>
        html`<li>
          <a href="/sources/${source}">${source}</a> ${name} <span class="quiet">${externalId}</span>
          ${gone ? badge('note', words.teams.gone) : ''}
        </li>`,
    )}
  </ul>`;
}

function acts(visit: Visit, team: TeamDetail, others: readonly string[]): Part {
  const { words } = visit;
  return [
    postForm(
      visit,
      `${addressOf(team)}/rename`,
      [
        html`<p class="hint">${words.teams.renameHint}</p>`,
        field({ id: 'name', name: 'name', label: words.teams.name, value: team.name, required: true, maxlength: 256 }),
        field({ id: 'reason', name: 'reason', label: words.acts.reason }),
        html`<p class="actions">${button(words.teams.rename, 'plain')}</p>`,
      ],
      'card',
    ),
    others.length === 0
      ? ''
      : postForm(
          visit,
          `${addressOf(team)}/merge`,
          [
            html`<p class="hint">${words.teams.mergeHint}</p>`,
            hidden('step', 'preview'),
            choice({
              id: 'into',
              name: 'into',
              label: words.teams.into,
              value: '',
              options: others.map((each) => [each, each] as const),
            }),
            html`<p class="actions">${button(words.teams.preview, 'plain')}</p>`,
          ],
          'card',
        ),
    postForm(
      visit,
      `${addressOf(team)}/remove`,
      [
        html`<p class="hint">${words.teams.removeHint}</p>`,
        html`<p class="actions">${button(words.teams.remove, 'danger')}</p>`,
      ],
      'card',
    ),
  ];
}

function addressOf({ name }: Team): string {
  return `/teams/${encodeURIComponent(name)}`;
}

function membersOf({ name }: Team): string {
  return `/users?team=${encodeURIComponent(name)}`;
}
