import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import type { TeamActed as Acted } from '../../users/team-ports.ts';
import {
  teamActed,
  teamBindingList,
  teamBindingParameters,
  teamBindingQuery,
  teamBound,
  teamDetail,
  teamList,
  teamMerge,
  teamParameters,
  teamRemoval,
  teamRename,
  type TeamActed,
} from '../schemas/teams.ts';

/** Users whom an answer names; all are counted. */
const mostNamed = 100;
/** Some thousand users move in a second. */
const moveTimeoutMs = 300_000;

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

  app.post(
    '/teams/:team/merge',
    {
      ...changing,
      handlerTimeout: moveTimeoutMs,
      schema: { ...common, params: teamParameters, body: teamMerge, response: answers(teamActed) },
    },
    async (request) => {
      const { into, preview, reason } = request.body;
      const { team } = request.params;
      const asked = { team, into, preview, ...askerOf(request), reason: reason ?? undefined };
      return shown(preview, await teams.merge(asked));
    },
  );

  app.get(
    '/team-bindings',
    {
      config: { access: 'view' },
      schema: { ...common, querystring: teamBindingQuery, response: answers(teamBindingList) },
    },
    async (request) => {
      const { source, state } = request.query;
      const all = await queries(request).teams.bindings();
      const wanted = (given: string | undefined, own: string): boolean => given === undefined || given === own;
      return { items: all.filter((each) => wanted(source, each.source) && wanted(state, each.state)) };
    },
  );

  app.put(
    '/team-bindings/:source/:externalId',
    {
      ...changing,
      handlerTimeout: moveTimeoutMs,
      schema: { ...common, params: teamBindingParameters, body: teamBound, response: answers(teamActed) },
    },
    async (request) => {
      const { team, preview, reason } = request.body;
      const asked = { ...request.params, team, preview, ...askerOf(request), reason: reason ?? undefined };
      return shown(preview, await teams.bind(asked));
    },
  );
}

function shown(preview: boolean, { event, moved, told }: Acted): TeamActed {
  const first = moved.slice(0, mostNamed).map(({ changes, ...user }) => ({ ...user, changes: [...changes] }));
  return { preview, event, moved: { count: moved.length, first }, told };
}
