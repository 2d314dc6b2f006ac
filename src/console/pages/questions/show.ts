import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import { describe, type Described } from '../../../api/problem.ts';
import type { ReviewItemDetail } from '../../../api/schemas/review-items.ts';
import { formBase, idInPath, optionalReason, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { codeLink } from '../../parts/code.ts';
import { changeTable, fieldName } from '../../parts/changes.ts';
import { button, choice, field, hidden, postForm } from '../../parts/form.ts';
import { notice } from '../../parts/notice.ts';
import { timeText } from '../../parts/time.ts';
import { goTo } from '../../reply.ts';
import { visitOf, type Visit } from '../../visit.ts';
import { answerText, kindText } from './list.ts';
import { valueFor } from './present.ts';

const params = z.object({ id: idInPath });
const form = z.object({
  ...formBase,
  answer: z.string().min(1).max(100),
  value: optionalText(1_000),
  reason: optionalReason,
  step: z.enum(['preview', 'do']),
});
/** Sources may have to be asked about the old user's other accounts. */
const answerTimeoutMs = 120_000;

type Answered = Awaited<ReturnType<PageKit['reviews']['resolve']>>;
interface Tried {
  readonly answer: string;
  readonly value: string | undefined;
  readonly preview: Answered | null;
  readonly refusal: Described | null;
}

/** One question: both sides beside each other, and each answer with what it would change before it is given. */
export const questionPageRoutes: PageRoutes = (app, kit) => {
  app.get('/questions/:id', { ...forPage('view'), schema: { params } }, (request, reply) =>
    questionPage(kit, request, reply, request.params.id, null),
  );

  app.post(
    '/questions/:id',
    { ...forPage('edit-users'), handlerTimeout: answerTimeoutMs, schema: { params, body: form } },
    async (request, reply) => {
      const { id } = request.params;
      const { answer, value, reason, step } = request.body;
      try {
        const userId = answer === 'this-user' && value !== undefined ? await userOf(kit, request, value) : undefined;
        const asked = { item: id, answer, userId, value, reason, ...askerOf(request) };
        const preview = await kit.reviews.resolve({ ...asked, preview: step === 'preview' });
        if (step === 'preview')
          return await questionPage(kit, request, reply, id, { answer, value, preview, refusal: null });
      } catch (error) {
        const refusal = describe(error as Parameters<typeof describe>[0]);
        if (![409, 422, 502].includes(refusal.status)) throw error;
        return questionPage(kit, request, reply, id, { answer, value, preview: null, refusal });
      }
      const visit = visitOf(request, kit.zone);
      return goTo(request, reply, '/questions', {
        text: visit.words.questions.answered(answerText(visit, answer)),
        tone: 'good',
      });
    },
  );
};

async function userOf(kit: PageKit, request: FastifyRequest, user: string): Promise<number> {
  return found(await kit.queries(request).users.resolve(user), 'user-unknown', `user ${user}`);
}

async function questionPage(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  id: number,
  tried: Tried | null,
): Promise<FastifyReply> {
  const item = found(await kit.queries(request).reviewItems.get(id), 'item-unknown', `question ${String(id)}`);
  return show(kit, request, reply, (visit) => ({
    title: kindText(visit, item.kind),
    place: 'questions',
    status: tried?.refusal?.status ?? 200,
    body: html`<p class="crumbs"><a href="/questions">${visit.words.places.questions}</a></p>
      <h1>${kindText(visit, item.kind)}</h1>
      <p>${item.about}</p>
      <p class="quiet">
        ${item.source} ${item.externalId} · ${visit.words.questions.since} ${timeText(visit, item.openedAt)}
      </p>
      ${
        tried?.refusal
          ? notice(
              'bad',
              visit.words.acts.refused,
              html`<p>${tried.refusal.detail}</p>
                <p>${codeLink(visit, tried.refusal.code)}</p>`,
            )
          : ''
      }
      ${tried?.preview ? previewed(visit, item, tried, tried.preview) : ''} ${sides(visit, item)}
      ${item.closedAt !== null ? notice('note', visit.words.questions.isClosed) : visit.may.has('edit-users') ? answers(visit, kit, item) : ''}`,
  }));
}

/** What each side says, field by field; where they differ is marked. */
function sides({ words }: Visit, { sides: all }: ReviewItemDetail): Html {
  if (all.length === 0) return html``;
  const fields = [...new Set(all.flatMap(({ values }) => Object.keys(values)))];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${words.questions.sides}">
    <table class="list sides">
      <thead>
        <tr>
          <th scope="col">${words.changes.field}</th>
          ${all.map(({ side, of }) => html`<th scope="col">${side === 'user' ? html`${words.questions.user} <a href="/users/${of}">${of}</a>` : of}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${fields.map((name) => {
          const values = all.map((side) => side.values[name] ?? '');
          const differ = new Set(values.filter((value) => value !== '')).size > 1;
          return html`<tr class="${differ ? 'differ' : ''}">
            <th scope="row">${fieldName(words, name)}${differ ? html` <span class="quiet">≠</span>` : ''}</th>
            ${values.map((value) => html`<td>${value}</td>`)}
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}

function answers(visit: Visit, kit: PageKit, item: ReviewItemDetail): Html {
  const { words } = visit;
  return html`<h2>${words.questions.answers}</h2>
    <div class="tiles">
      ${item.options.map((answer) => {
        const needed = valueFor(answer, item, Object.keys(kit.roleCatalogue));
        const id = `value-${answer}`;
        return postForm(
          visit,
          `/questions/${String(item.id)}`,
          [
            hidden('answer', answer),
            hidden('step', 'preview'),
            html`<h3>${answerText(visit, answer)}</h3>`,
            needed === null
              ? ''
              : needed.options === null
                ? field({ id, name: 'value', label: words.questions.values[needed.kind], required: true })
                : choice({
                    id,
                    name: 'value',
                    label: words.questions.values[needed.kind],
                    value: '',
                    options: needed.options.map((each) => [each, each] as const),
                  }),
            button(words.questions.choose, 'plain'),
          ],
          'card',
        );
      })}
    </div>`;
}

function previewed(
  visit: Visit,
  item: ReviewItemDetail,
  { answer, value }: Tried,
  { changes, warnings }: Answered,
): Html {
  const { words } = visit;
  return html`<section class="card" aria-labelledby="will">
    <h2 id="will">${answerText(visit, answer)}: ${words.acts.will}</h2>
    ${changes.length === 0 ? html`<p>${words.questions.later}</p>` : changeTable(words, changes)}
    ${warnings.map((warning) => notice('note', warning))}
    ${postForm(visit, `/questions/${String(item.id)}`, [
      hidden('answer', answer),
      hidden('value', value),
      hidden('step', 'do'),
      field({ id: 'reason', name: 'reason', label: words.acts.reason, hint: words.acts.reasonHint }),
      html`<p class="actions">${button(words.questions.give(answerText(visit, answer)))}</p>`,
    ])}
  </section>`;
}
