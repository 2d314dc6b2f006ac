import { html, type Html, type Part } from '../../html.ts';
import { codeLink } from '../../parts/code.ts';
import { changeTable, fieldName } from '../../parts/changes.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import type { Visit } from '../../visit.ts';
import type { Played } from './played.ts';
import type { Input } from './acts.ts';
import { nameOf } from './present.ts';

/** One act on one user: what it needs, what it would change, and the button that does it. */
export function actPage(visit: Visit, played: Played): { readonly title: string; readonly body: Part } {
  const { words } = visit;
  const { name, user, refusal, preview } = played;
  const title = words.acts.title(words.actNames[name as keyof typeof words.actNames], nameOf(user));
  return {
    title,
    body: html`<p class="crumbs">
        <a href="/users">${words.users.title}</a> › <a href="/users/${user.id}">${nameOf(user)}</a>
      </p>
      <h1>${title}</h1>
      ${refusal === null ? '' : refusalNotice(visit, played)} ${asking(visit, played)}
      ${preview === null ? '' : shown(visit, played)}
      <p><a href="/users/${user.id}">${words.acts.leave}</a></p>`,
  };
}

function refusalNotice(visit: Visit, { refusal, values, act, user }: Played): Html {
  const { words, may } = visit;
  if (refusal?.code === 'version-changed') {
    const { field: name, value, seen } = values;
    const start = act.inputs.find((input) => input.name === 'value')?.start;
    const both = name === undefined || value === undefined || start === undefined;
    return notice(
      'bad',
      words.acts.stale,
      both
        ? html`<p>${words.acts.staleNext}</p>`
        : html`<p>${words.acts.staleNext}</p>
            <dl class="both">
              <dt>${words.acts.staleSeen}</dt>
              <dd>${seen ?? words.changes.nothing}</dd>
              <dt>${words.acts.staleNow(fieldName(words, name))}</dt>
              <dd>${start(user, values) || words.changes.nothing}</dd>
              <dt>${words.acts.staleYours}</dt>
              <dd>${value}</dd>
            </dl>`,
    );
  }
  const insist = refusal?.code === 'acd-still-has-the-agent' && may.has('override-acd-presence');
  return notice(
    'bad',
    words.acts.refused,
    html`<p>${refusal?.detail}</p>
      ${refusal === null ? '' : html`<p>${codeLink(visit, refusal.code)}</p>`}
      ${insist ? html`<p><a href="/users/${user.id}/acts/deactivate?insist=yes">${words.acts.insist}</a></p>` : ''}`,
  );
}

/** What has to be filled in before it can be shown. */
function asking(visit: Visit, played: Played): Html {
  const { words } = visit;
  const { act, name, user, values } = played;
  if (act.inputs.every(({ fixed }) => fixed === true)) return html``;
  return postForm(
    visit,
    `/users/${String(user.id)}/acts/${name}`,
    [
      hidden('step', 'preview'),
      act.inputs.map((input) => inputOf(visit, played, input)),
      hidden('seen', values['seen'] ?? values['value']),
      html`<p class="actions">${button(words.acts.preview, played.preview === null ? 'main' : 'plain')}</p>`,
    ],
    'card',
  );
}

function inputOf({ words }: Visit, { options, values }: Played, input: Input): Html {
  const { name, label, fixed, optionText } = input;
  const value = values[name] ?? '';
  const named = name === 'field' ? fieldName(words, value) : name === 'word' ? words.wordNames[value as 'give'] : value;
  if (fixed === true)
    return html`<p>${label(words)}: <strong>${named}</strong></p>
      ${hidden(name, value)}`;
  const known = options.get(name);
  if (known === undefined)
    return field({ id: name, name, label: label(words), value, required: input.optional !== true, autofocus: true });
  return choice({
    id: name,
    name,
    label: label(words),
    value,
    options: known.map((each) => [each, optionText?.(words, each) ?? each] as const),
  });
}

/** What it would change, and the button. */
function shown(visit: Visit, played: Played): Html {
  const { words } = visit;
  const { act, name, user, values, preview, reason } = played;
  if (preview === null) return html``;
  const { changed, changes, warnings } = preview;
  if (!changed && warnings.length === 0) return notice('note', words.acts.nothing);
  return html`<section class="card" aria-labelledby="will">
    <h2 id="will">${words.acts.will}</h2>
    ${changeTable(words, changes)} ${warnings.map((warning) => notice('note', warning))}
    ${postForm(visit, `/users/${String(user.id)}/acts/${name}`, [
      hidden('step', 'do'),
      hidden('version', user.version),
      Object.entries(values).map(([each, value]) => hidden(each, value)),
      field({ id: 'reason', name: 'reason', label: words.acts.reason, value: reason, hint: words.acts.reasonHint }),
      html`<p class="actions">
        ${button(words.actNames[name as keyof typeof words.actNames], act.danger === true ? 'danger' : 'main')}
      </p>`,
    ])}
  </section>`;
}
