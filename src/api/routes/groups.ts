import { managingRoles, privilegeOf } from '../../domain/privileges.ts';
import type { FastifyRequest } from 'fastify';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, type ApiInstance } from '../instance.ts';
import {
  groupAdded,
  groupChange,
  groupList,
  groupParameters,
  groupRemoval,
  groupTeamParameters,
  roleList,
  teamMove,
} from '../schemas/groups.ts';

/** Groups and the teams in them (spec 11.5), roles and their privileges (spec 10.6). Each change answers the whole tree. */
export function groupRoutes(app: ApiInstance, { queries, groups, roleCatalogue }: ApiDependencies): void {
  const tree = async (request: FastifyRequest) => ({ items: await queries(request).groups.list() });
  const changing = { config: { access: 'edit-users' } } as const;
  const common = { tags: ['groups'], response: answers(groupList) };

  app.get('/groups', { config: { access: 'view' }, schema: common }, tree);

  app.post('/groups', { ...changing, schema: { ...common, body: groupAdded } }, async (request) => {
    const { name, below, reason } = request.body;
    await groups.add({
      ...{ group: name, below: below ?? undefined },
      ...{ ...askerOf(request), reason: reason ?? undefined },
    });
    return tree(request);
  });

  app.put(
    '/groups/:group',
    { ...changing, schema: { ...common, params: groupParameters, body: groupChange } },
    async (request) => {
      const { reason, ...asked } = request.body;
      const { group } = request.params;
      await groups.change({ ...asked, group, ...askerOf(request), reason: reason ?? undefined });
      return tree(request);
    },
  );

  app.post(
    '/groups/:group/remove',
    { ...changing, schema: { ...common, params: groupParameters, body: groupRemoval } },
    async (request) => {
      const { group } = request.params;
      await groups.remove({ group, ...askerOf(request), reason: request.body.reason ?? undefined });
      return tree(request);
    },
  );

  app.put(
    '/teams/:team/group',
    { ...changing, schema: { ...common, params: groupTeamParameters, body: teamMove } },
    async (request) => {
      const { group, reason } = request.body;
      const { team } = request.params;
      await groups.moveTeam({ team, group, ...askerOf(request), reason: reason ?? undefined });
      return tree(request);
    },
  );

  app.get('/roles', { config: { access: 'view' }, schema: { tags: ['groups'], response: answers(roleList) } }, () => {
    const managing = managingRoles(roleCatalogue);
    const items = Object.entries(roleCatalogue).map(([role, privileges]) => ({
      role,
      privileges: privileges.map(privilegeOf),
      managesTeams: managing.includes(role),
    }));
    return { items };
  });
}
