import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import type { WorklistEntry } from '../../../api/schemas/worklist.ts';
import { seenText } from '../../../api/schemas/common.ts';
import { endOfDay } from '../../days.ts';
import { after, formBase, idInPath, optionalDay, optionalOf } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { changeLine } from '../../parts/changes.ts';
import { button, field, hidden, postForm } from '../../parts/form.ts';
import { badge, empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import { timeText } from '../../parts/time.ts';
import { chooser } from '../bulk/chooser.ts';
import { goTo } from '../../reply.ts';
import { localPath, visitOf, type Visit } from '../../visit.ts';

const seen = z.object({ ...formBase, reason: seenText.trim().min(1).max(1_000), until: optionalDay });

/** Users that a person should look at, with the evidence; and that they have (spec 9.2). */
export const worklistRoutes: PageRoutes = (app, kit) => {
  const querystring = z.object({ all: optionalOf(['true']), after });
  app.get('/worklist', { ...forPage('view'), schema: { querystring } }, async (request, reply) => {
    const { all, after: from } = request.query;
    const page = await kit.queries(request).worklist.list({ all: all === 'true', after: from, limit: 50 });
    return show(kit, request, reply, (visit) => ({
      title: visit.words.places.worklist,
      place: 'worklist',
      body: html`<h1>${visit.words.places.worklist}</h1>
        <p class="quiet">
          ${visit.words.worklist.text}
          <a href="${all === 'true' ? '/worklist' : '/worklist?all=true'}"
            >${all === 'true' ? visit.words.worklist.openOnly : visit.words.worklist.seenToo}</a
          >
        </p>
        ${
          page.items.length === 0
            ? empty(visit.words.worklist.none, visit.words.worklist.noneNext)
            : html`<ul class="sources">
                ${page.items.map((entry) => item(visit, entry))}
              </ul>`
        }
        ${page.items.length === 0 ? '' : chooser(visit, 'no-ticks')} ${pager(visit, page.next)}`,
    }));
  });

  app.post(
    '/worklist/:id/seen',
    { ...forPage('edit-users'), schema: { params: z.object({ id: idInPath }), body: seen } },
    async (request, reply) => {
      const { reason, until, back } = request.body;
      const { id } = request.params;
      await kit.ackWorklist({
        ...askerOf(request),
        userId: id,
        note: reason,
        until: until === undefined ? undefined : endOfDay(until, kit.zone),
      });
      return goTo(request, reply, localPath(back, '/worklist'), {
        text: visitOf(request, kit.zone).words.worklist.acknowledged,
        tone: 'good',
      });
    },
  );
};

function item(visit: Visit, entry: WorklistEntry): Html {
  const { words, may, address } = visit;
  const { userId, username, displayName, evidence, reasons, suggestions, acknowledged } = entry;
  const name = displayName ?? username ?? words.worklist.noUser;
  return html`<li class="note">
    <p>
      ${userId === null ? html`<strong>${name}</strong>` : html`<a class="name" href="/users/${userId}">${name}</a>`}
      <span class="quiet">${username}</span> ${reasons.map((reason) => badge('note', words.worklist.reasons[reason]))}
    </p>
    <ul class="plain">
      ${evidence.map(
        (each) =>
          html`<li>
            ${words.worklist.reasons[each.reason]}: ${each.source} <span class="quiet">${each.externalId}</span>${
              each.since === null ? '' : html`, ${words.user.since} ${timeText(visit, each.since)}`
            }${each.proof === null ? '' : ` (${each.proof})`}${changeLine(words, each.changes)}
          </li>`,
      )}
    </ul>
    ${suggestions.map((text) => html`<p class="quiet">${text}</p>`)}
    ${acknowledged === null ? '' : html`<p class="quiet">${words.worklist.seenBy} ${words.sync.by(acknowledged.by)}, ${timeText(visit, acknowledged.at)}: ${acknowledged.note}</p>`}
    ${
      userId === null || !may.has('edit-users')
        ? ''
        : html`<details>
            <summary>${words.worklist.seen}<span class="unseen"> ${name}</span></summary>
            ${postForm(visit, `/worklist/${String(userId)}/seen`, [
              hidden('back', address),
              field({ id: `note-${String(userId)}`, name: 'reason', label: words.worklist.note, required: true }),
              field({
                id: `until-${String(userId)}`,
                name: 'until',
                label: words.sync.untilDay,
                type: 'date',
                hint: words.worklist.untilHint,
              }),
              html`<p class="actions">${button(words.worklist.seen)}</p>`,
            ])}
          </details>`
    }
  </li>`;
}
