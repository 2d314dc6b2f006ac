import { z } from 'zod';
import { html } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { fieldName } from '../../parts/changes.ts';
import { button, hidden, postForm } from '../../parts/form.ts';
import { empty } from '../../parts/notice.ts';

/** Fields that say how a form works, not what somebody typed. */
const silent = new Set(['back', 'step', 'version', 'digest', 'seen', 'list']);

/** What somebody had typed when their session ended, offered again after they have signed in. */
export const againRoutes: PageRoutes = (app, kit) => {
  const querystring = z.object({ form: z.string().max(1_900) });
  app.get('/again', { ...forPage('signed-in'), schema: { querystring } }, (request, reply) => {
    const form = kit.keptForms.take(request.query.form, Date.now());
    return show(kit, request, reply, (visit) => {
      const { words } = visit;
      return {
        title: words.signIn.again,
        place: null,
        body: html`<h1>${words.signIn.again}</h1>
          ${
            form === null
              ? empty(words.signIn.againOver, html`<a href="/">${words.places.overview}</a>`)
              : postForm(
                  visit,
                  form.to,
                  [
                    html`<p>${words.signIn.againText}</p>
                      <dl class="facts">
                        ${form.fields
                          .filter(([name, value]) => !silent.has(name) && value !== '')
                          .map(
                            ([name, value]) =>
                              html`<dt>${name === 'reason' ? words.acts.reason : fieldName(words, name)}</dt>
                                <dd>${value}</dd>`,
                          )}
                      </dl>`,
                    form.fields.map(([name, value]) => hidden(name, value)),
                    html`<p class="actions">${button(words.signIn.sendAgain)}</p>`,
                  ],
                  'card',
                )
          }`,
      };
    });
  });
};
