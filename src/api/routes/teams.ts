import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import { teamDetail, teamList, teamParameters, teamRemoval, teamRename } from '../schemas/teams.ts';

/** Teams and what is bound to them (spec 11.6). */
export function teamRoutes(app: ApiInstance, { queries, teams }: ApiDependencies): void {
  const changing = { config: { access: 'edit-users' } } as const;
  const common = { tags: ['groups'] };

  app.get(
    '/teams',
    { config: { access: 'view' }, schema: { ...common, response: answers(teamList) } },
    async (request) => ({
      items: await queries(request).teams.list(),
    }),
  );

  app.get(
    '/teams/:team',
    { config: { access: 'view' }, schema: { ...common, params: teamParameters, response: answers(teamDetail) } },
    async (request) => {
      const { team } = request.params;
      return found(await queries(request).teams.get(team), 'team-unknown', `team "${team}"`);
    },
  );

  app.put(
    '/teams/:team',
    { ...changing, schema: { ...common, params: teamParameters, body: teamRename, response: answers(teamDetail) } },
    async (request) => {
      const { name, reason } = request.body;
      await teams.rename({ team: request.params.team, name, ...askerOf(request), reason: reason ?? undefined });
      return found(await queries(request).teams.get(name), 'team-unknown', `team "${name}"`);
    },
  );

  app.post(
    '/teams/:team/remove',
    { ...changing, schema: { ...common, params: teamParameters, body: teamRemoval, response: answers(teamList) } },
    async (request) => {
      await teams.remove({ team: request.params.team, ...askerOf(request), reason: request.body.reason ?? undefined });
      return { items: await queries(request).teams.list() };
    },
  );
}
