import { z } from 'zod';
import { back } from '../../fields.ts';
import { forPage, type PageRoutes } from '../../page-kit.ts';
import { addCookie, goTo } from '../../reply.ts';
import { localPath, preferenceCookie, themes } from '../../visit.ts';
import { languages, type Language } from '../../words/words.ts';

const aYear = 31_536_000;

/** Light or dark and the language, kept by the browser. Nothing of it reaches the store, so a plain link would do no harm. */
export const preferenceRoutes: PageRoutes = (app) => {
  const querystring = z.object({ theme: z.enum(themes), language: z.enum(Object.keys(languages) as [Language]), back });
  app.get('/preferences', { ...forPage('anybody'), schema: { querystring } }, (request, reply) => {
    const { theme, language } = request.query;
    const end = `; Path=/; HttpOnly; SameSite=Lax; Max-Age=${String(aYear)}`;
    addCookie(reply, `${preferenceCookie.theme}=${theme}${end}`);
    addCookie(reply, `${preferenceCookie.language}=${language}${end}`);
    return goTo(request, reply, localPath(request.query.back));
  });
};
