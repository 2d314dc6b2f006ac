import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import { seenText } from '../../../api/schemas/common.ts';
import { formBase, optionalReason } from '../../fields.ts';
import { forPage, show, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { visitOf } from '../../visit.ts';
import { teamMoveRoutes } from './move.ts';
import { teamList, teamPage } from './show.ts';

const params = z.object({ team: z.string().min(1).max(256) });
const said = z.object({ ...formBase, reason: optionalReason });
const renaming = said.extend({ name: seenText.trim().min(1).max(256) });

/** Teams: who is in them, who supervises them, and what of the sources is bound to them (spec 11.6). */
export const teamRoutes: PageRoutes = (app, kit) => {
  teamMoveRoutes(app, kit);
  app.get('/teams', forPage('view'), async (request, reply) => {
    const teams = await kit.queries(request).teams.list();
    return show(kit, request, reply, (visit) => ({
      title: visit.words.teams.title,
      place: 'teams',
      body: teamList(visit, teams),
    }));
  });

  app.get('/teams/:team', { ...forPage('view'), schema: { params } }, async (request, reply) => {
    const { team: name } = request.params;
    const queries = kit.queries(request);
    const team = found(await queries.teams.get(name), 'team-unknown', `team "${name}"`);
    const others = (await queries.teams.names()).filter((each) => each !== team.name);
    return show(kit, request, reply, (visit) => ({
      title: team.name,
      place: 'teams',
      body: teamPage(visit, team, others),
    }));
  });

  app.post(
    '/teams/:team/rename',
    { ...forPage('edit-users'), schema: { params, body: renaming } },
    async (request, reply) => {
      const { name, reason } = request.body;
      await kit.teams.rename({ team: request.params.team, name, reason, ...askerOf(request) });
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, `/teams/${encodeURIComponent(name)}`, {
        text: words.teams.renamed(name),
        tone: 'good',
      });
    },
  );

  app.post(
    '/teams/:team/remove',
    { ...forPage('edit-users'), schema: { params, body: said } },
    async (request, reply) => {
      const { team } = request.params;
      await kit.teams.remove({ team, reason: request.body.reason, ...askerOf(request) });
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, '/teams', { text: words.teams.removed(team), tone: 'good' });
    },
  );
};
