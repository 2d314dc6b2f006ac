import { z } from 'zod';
import { fold } from '../../../domain/text.ts';
import { optionalText } from '../../fields.ts';
import { html, type Html } from '../../html.ts';
import { forPage, showPart, type PageRoutes } from '../../page-kit.ts';
import { filterForm } from '../../parts/filters.ts';
import { field } from '../../parts/form.ts';
import { empty } from '../../parts/notice.ts';
import type { Visit } from '../../visit.ts';

const querystring = z.object({ q: optionalText(200) });

/** Every error code with what it means and what to do; where a code is shown it leads here. */
export const errorCodeRoutes: PageRoutes = (app, kit) => {
  app.get('/errors', { ...forPage('signed-in'), schema: { querystring } }, (request, reply) => {
    const { q } = request.query;
    return showPart(
      kit,
      request,
      reply,
      (visit) => codes(visit, q),
      (visit, part) => ({
        title: visit.words.errors.title,
        place: null,
        body: html`<h1>${visit.words.errors.title}</h1>
          <p class="quiet">${visit.words.errors.text}</p>
          ${filterForm(visit, { action: '/errors', target: 'codes', search: true }, [
            field({ id: 'q', name: 'q', label: visit.words.errors.search, value: q, type: 'search', maxlength: 200 }),
          ])}
          ${part}`,
      }),
    );
  });
};

function codes({ words }: Visit, q = ''): Html {
  const { errors } = words;
  const wanted = fold(q);
  const found = Object.entries(errors.codes)
    .filter(([code, told]) => [code, ...told].some((text) => fold(text).includes(wanted)))
    .sort(([one], [other]) => one.localeCompare(other));
  return html`<div id="codes">
    ${
      found.length === 0
        ? empty(errors.none, html`<a href="/errors">${errors.all}</a>`)
        : html`<table class="list">
            <thead>
              <tr>
                <th scope="col">${errors.code}</th>
                <th scope="col">${errors.cause}</th>
                <th scope="col">${errors.remedy}</th>
              </tr>
            </thead>
            <tbody>
              ${found.map(
                ([code, [cause, remedy]]) =>
                  html`<tr id="${code}">
                    <th scope="row">
                      <a href="#${code}"><code>${code}</code></a>
                    </th>
                    <td data-label="${errors.cause}">${cause}</td>
                    <td data-label="${errors.remedy}">${remedy}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
    }
  </div>`;
}
