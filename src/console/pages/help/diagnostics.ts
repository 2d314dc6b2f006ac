import { diagnosticsOf } from '../../../api/diagnostics.ts';
import { html } from '../../html.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';

/** What whoever helps wants to know, shown before it is given away. */
export const diagnosticsRoutes: PageRoutes = (app, kit) => {
  app.get('/diagnostics', forPage('manage-sources'), async (request, reply) => {
    const bundle = await diagnosticsOf(kit, request);
    return show(kit, request, reply, ({ words }) => ({
      title: words.diagnostics.title,
      place: null,
      body: html`<h1>${words.diagnostics.title}</h1>
        <p>${words.diagnostics.text}</p>
        <p class="actions">
          <a class="button main" href="/api/v1/diagnostics" download="rosterd-diagnostics.json"
            >${words.diagnostics.download}</a
          >
          <a class="button plain" href="/errors">${words.diagnostics.codes}</a>
        </p>
        <h2 id="shown">${words.diagnostics.shown}</h2>
        <pre class="card scroll" tabindex="0" role="region" aria-labelledby="shown">
${JSON.stringify(bundle, null, 2)}</pre>`,
    }));
  });
};
