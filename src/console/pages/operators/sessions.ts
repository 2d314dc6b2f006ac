import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { formBase } from '../../fields.ts';
import { html } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { button, postForm } from '../../parts/form.ts';
import { timeText } from '../../parts/time.ts';
import { goTo } from '../../reply.ts';
import { visitOf } from '../../visit.ts';

const params = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) });

/** Where somebody is signed in, and ending that; whoever manages operators sees everybody's. */
export const sessionRoutes: PageRoutes = (app, kit) => {
  app.get('/sessions', forPage('signed-in'), async (request, reply) => {
    const { operator, may } = askerOf(request);
    const sessions = await kit.signIn.sessions(may.has('manage-operators') ? null : operator);
    return show(kit, request, reply, (visit) => {
      const { words } = visit;
      return {
        title: words.operators.sessions,
        place: null,
        body: html`<h1>${words.operators.sessions}</h1>
          <table class="list">
            <thead>
              <tr>
                <th scope="col">${words.signIn.name}</th>
                <th scope="col">${words.operators.signedIn}</th>
                <th scope="col">${words.operators.lastUsed}</th>
                <th scope="col">${words.operators.from}</th>
                <th scope="col">${words.operators.acts}</th>
              </tr>
            </thead>
            <tbody>
              ${sessions.map(
                ({ id, operator: of, createdAt, lastSeenAt, address, agent }) =>
                  html`<tr>
                    <th scope="row">${of}</th>
                    <td data-label="${words.operators.signedIn}">${timeText(visit, createdAt.toISOString())}</td>
                    <td data-label="${words.operators.lastUsed}">${timeText(visit, lastSeenAt.toISOString())}</td>
                    <td data-label="${words.operators.from}">${address} <span class="quiet">${agent}</span></td>
                    <td data-label="${words.operators.acts}">
                      ${postForm(visit, `/sessions/${id}/end`, button(words.operators.endSession, 'plain'))}
                    </td>
                  </tr>`,
              )}
            </tbody>
          </table>`,
      };
    });
  });

  app.post(
    '/sessions/:id/end',
    { ...forPage('signed-in'), schema: { params, body: z.object(formBase) } },
    async (request, reply) => {
      const { operator, may } = askerOf(request);
      await kit.signIn.endSession(request.params.id, may.has('manage-operators') ? null : operator);
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, '/sessions', { text: words.operators.sessionEnded, tone: 'good' });
    },
  );
};
