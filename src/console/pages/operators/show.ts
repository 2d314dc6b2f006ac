import type { OperatorEntry, TokenEntry } from '../../../access/administration.ts';
import { profileOf, profiles } from '../../../access/profiles.ts';
import { html, type Html } from '../../html.ts';
import { button, choice, field, postForm } from '../../parts/form.ts';
import { badge, notice } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';

/** What can be read on this page only, and never again. */
export interface Once {
  readonly kind: 'link' | 'token';
  readonly name: string;
  readonly text: string;
}

interface Known {
  readonly operators: readonly OperatorEntry[];
  readonly tokens: readonly TokenEntry[];
  readonly groups: readonly string[];
  readonly teams: readonly string[];
  readonly once: Once | null;
}

/** Operators and tokens, and the forms that make them. */
export function operatorsPage(visit: Visit, { operators, tokens, groups, teams, once }: Known): Html {
  const { words } = visit;
  return html`<h1>${words.places.operators}</h1>
    ${once === null ? '' : notice('good', words.operators.once[once.kind](once.name), html`<p><code>${once.text}</code></p>`)}
    <table class="list">
      <thead>
        <tr>
          <th scope="col">${words.signIn.name}</th>
          <th scope="col">${words.operators.may}</th>
          <th scope="col">${words.operators.sees}</th>
          <th scope="col">${words.operators.lastSignIn}</th>
          <th scope="col">${words.operators.acts}</th>
        </tr>
      </thead>
      <tbody>
        ${operators.map((each) => operatorRow(visit, each))}
      </tbody>
    </table>
    <div class="tiles forms">
      ${postForm(
        visit,
        '/operators',
        [
          html`<h2>${words.operators.invite}</h2>`,
          field({ id: 'name', name: 'name', label: words.signIn.name, required: true, maxlength: 100 }),
          choice({
            id: 'profile',
            name: 'profile',
            label: words.operators.may,
            value: 'operator',
            options: profileOptions(visit),
          }),
          choice({
            id: 'group',
            name: 'group',
            label: words.operators.onlyGroup,
            value: '',
            options: everythingOr(visit, groups),
          }),
          choice({
            id: 'team',
            name: 'team',
            label: words.operators.onlyTeam,
            value: '',
            options: everythingOr(visit, teams),
          }),
          html`<p class="actions">${button(words.operators.inviteButton)}</p>`,
        ],
        'card',
      )}
      ${postForm(
        visit,
        '/tokens',
        [
          html`<h2>${words.operators.newToken}</h2>`,
          field({
            id: 'label',
            name: 'label',
            label: words.operators.label,
            hint: words.operators.labelHint,
            required: true,
            maxlength: 100,
          }),
          html`<fieldset>
            <legend>${words.operators.tokenMay}</legend>
            ${[...visit.may].map((each) => html`<label class="check"><input type="checkbox" name="permissions" value="${each}" /> ${each}</label>`)}
          </fieldset>`,
          html`<p class="actions">${button(words.operators.tokenButton)}</p>`,
        ],
        'card',
      )}
    </div>
    <h2>${words.operators.tokens}</h2>
    ${tokens.length === 0 ? html`<p class="quiet">${words.operators.noTokens}</p>` : tokenTable(visit, tokens)}`;
}

function profileOptions({ words }: Visit): (readonly [string, string])[] {
  return (Object.keys(profiles) as (keyof typeof profiles)[]).map(
    (each) => [each, words.operators.profiles[each]] as const,
  );
}

function everythingOr({ words }: Visit, names: readonly string[]): (readonly [string, string])[] {
  return [['', words.operators.everything], ...names.map((name) => [name, name] as const)];
}

function operatorRow(visit: Visit, operator: OperatorEntry): Html {
  const { words } = visit;
  const { name, kind, permissions, scope, disabled, blocked, hasPassword, lastSignInAt } = operator;
  const profile = profileOf(permissions);
  const to = (act: string): string => `/operators/${encodeURIComponent(name)}/${act}`;
  return html`<tr>
    <th scope="row">
      ${name}
      ${disabled ? badge('quiet', words.operators.disabled) : ''}${blocked ? badge('bad', words.operators.blocked) : ''}${hasPassword || kind === 'local' || lastSignInAt !== null ? '' : badge('note', words.operators.invited)}
    </th>
    <td data-label="${words.operators.may}">
      ${kind === 'local' ? words.operators.local : profile === null ? permissions.join(', ') : words.operators.profiles[profile]}
    </td>
    <td data-label="${words.operators.sees}">
      ${scope.full ? words.operators.everything : [...scope.groups, ...scope.teams].join(', ')}
    </td>
    <td data-label="${words.operators.lastSignIn}">
      ${lastSignInAt === null ? '' : timeText(visit, lastSignInAt.toISOString())}
    </td>
    <td data-label="${words.operators.acts}">
      ${
        kind === 'local'
          ? ''
          : html`<details>
              <summary>${words.operators.change}<span class="unseen"> ${name}</span></summary>
              <div class="actions">
                ${postForm(visit, to('link'), button(words.operators.newLink, 'plain'))}
                ${blocked && visit.may.has('activate') ? postForm(visit, to('unlock'), button(words.operators.unlock, 'plain')) : ''}
                ${postForm(visit, to(disabled ? 'enable' : 'disable'), button(disabled ? words.operators.enable : words.operators.disable, 'plain'))}
                ${postForm(visit, to('profile'), [choice({ id: `profile-${String(operator.id)}`, name: 'profile', label: words.operators.may, value: profile ?? 'operator', options: profileOptions(visit) }), button(words.operators.setProfile, 'plain')])}
              </div>
            </details>`
      }
    </td>
  </tr>`;
}

function tokenTable(visit: Visit, tokens: readonly TokenEntry[]): Html {
  const { words } = visit;
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">${words.operators.label}</th>
        <th scope="col">${words.operators.of}</th>
        <th scope="col">${words.operators.may}</th>
        <th scope="col">${words.operators.lastUsed}</th>
        <th scope="col">${words.operators.acts}</th>
      </tr>
    </thead>
    <tbody>
      ${tokens.map(
        (token) =>
          html`<tr>
            <th scope="row">${token.label}</th>
            <td data-label="${words.operators.of}">
              ${token.operator}, ${timeText(visit, token.createdAt.toISOString())}
            </td>
            <td data-label="${words.operators.may}">${token.permissions.join(', ')}</td>
            <td data-label="${words.operators.lastUsed}">
              ${token.lastUsedAt === null ? '' : timeText(visit, token.lastUsedAt.toISOString())}
            </td>
            <td data-label="${words.operators.acts}">
              ${token.revokedAt === null ? postForm(visit, `/tokens/${String(token.id)}/revoke`, button(words.operators.revoke, 'plain')) : badge('quiet', words.operators.revoked)}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
