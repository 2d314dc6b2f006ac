import { z } from 'zod';
import type { ReviewItem } from '../../../api/schemas/review-items.ts';
import { after, optionalOf, optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { empty } from '../../parts/notice.ts';
import { pager } from '../../parts/pager.ts';
import { timeText } from '../../parts/time.ts';
import type { Visit } from '../../visit.ts';

/** Questions that only a person can answer (spec 4.10), the open ones first of all. */
export const questionListRoutes: PageRoutes = (app, kit) => {
  const querystring = z.object({
    closed: optionalOf(['true']),
    kind: optionalText(100),
    source: optionalText(64),
    after,
  });
  app.get('/questions', { ...forPage('view'), schema: { querystring } }, async (request, reply) => {
    const { closed, ...filter } = request.query;
    const page = await kit.queries(request).reviewItems.list({ ...filter, closed: closed === 'true', limit: 50 });
    return show(kit, request, reply, (visit) => {
      const { words } = visit;
      return {
        title: words.places.questions,
        place: 'questions',
        body: html`<h1>${words.places.questions}</h1>
          <p class="quiet">
            ${words.questions.text}
            <a href="${closed === 'true' ? '/questions' : '/questions?closed=true'}"
              >${closed === 'true' ? words.questions.open : words.questions.closed}</a
            >
          </p>
          ${page.items.length === 0 ? empty(words.questions.none, words.questions.noneNext) : table(visit, page.items)}
          ${pager(visit, page.next)}`,
      };
    });
  });
};

function table(visit: Visit, items: readonly ReviewItem[]): Html {
  const { words } = visit;
  return html`<table class="list">
    <thead>
      <tr>
        <th scope="col">${words.questions.question}</th>
        <th scope="col">${words.questions.about}</th>
        <th scope="col">${words.acts.source}</th>
        <th scope="col">${words.questions.since}</th>
        <th scope="col">${words.questions.answers}</th>
      </tr>
    </thead>
    <tbody>
      ${items.map(
        (item) =>
          html`<tr>
            <th scope="row"><a href="/questions/${item.id}">${kindText(visit, item.kind)}</a></th>
            <td data-label="${words.questions.about}">${item.about}</td>
            <td data-label="${words.acts.source}">${item.source} <span class="quiet">${item.externalId}</span></td>
            <td data-label="${words.questions.since}">${timeText(visit, item.openedAt)}</td>
            <td data-label="${words.questions.answers}">
              ${item.closedAt === null ? item.options.map((option, index) => `${index === 0 ? '' : ' · '}${answerText(visit, option)}`) : `${item.answer === null ? words.questions.closedItself : answerText(visit, item.answer)} ${item.answeredBy === null ? '' : words.sync.by(item.answeredBy)}`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

export function kindText({ words }: Visit, kind: string): string {
  const kinds: Readonly<Record<string, string>> = words.questions.kinds;
  return kinds[kind] ?? kind;
}

export function answerText({ words }: Visit, answer: string): string {
  const names: Readonly<Record<string, string>> = words.questions.answerNames;
  return names[answer] ?? answer;
}
