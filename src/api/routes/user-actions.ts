import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UserActed as Acted, UserRequest } from '../../users/user-action.ts';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import {
  actionQuery,
  activeSet,
  fieldEdit,
  fieldParameters,
  groupChosen,
  linkRequest,
  mainTeamChosen,
  ownerList,
  ownerQuery,
  repurposeRequest,
  roleParameters,
  scopeChange,
  syncSwitch,
  teamParameters,
  unlinkRequest,
  userActed,
  wordSaid,
  type UserActed,
} from '../schemas/user-actions.ts';
import { userParameters, versionHeader } from '../schemas/users.ts';
import { asDate } from './events.ts';
import { versionOf } from './users.ts';

/** Sources are asked about a living account, each within its own time-outs. */
const activationTimeoutMs = 120_000;

/** What every act shares: whom, which version, a preview or not. */
const common = { tags: ['users'], querystring: actionQuery, headers: versionHeader, response: answers(userActed) };
type ActionRequest = FastifyRequest<{
  Params: { user: string };
  Querystring: { preview: 'true' | 'false' };
  Headers: { 'if-match'?: string | undefined };
  Body: { reason?: string | null | undefined };
}>;

/** What people do to one user. Each answers what it changed; with `preview=true` what it would change. */
export function userActionRoutes(app: ApiInstance, { queries, userActions }: ApiDependencies): void {
  const act = async (
    request: ActionRequest,
    reply: FastifyReply,
    work: (asked: UserRequest) => Promise<Acted>,
  ): Promise<UserActed> => {
    const { params, query, headers, body } = request;
    const userId = found(await queries(request).users.resolve(params.user), 'user-unknown', `user ${params.user}`);
    const preview = query.preview === 'true';
    const { changed, changes, warnings } = await work({
      userId,
      ...askerOf(request),
      reason: body.reason ?? undefined,
      expectedVersion: versionOf(headers['if-match']),
      preview,
    });
    const user = found(await queries(request).users.get(userId), 'user-unknown', `user ${params.user}`);
    reply.header('etag', `"${user.version}"`);
    return { preview, changed, changes, warnings, user };
  };

  editRoutes(app, act, userActions);
  linkRoutes(app, act, userActions);

  app.put(
    '/users/:user/sync',
    { config: { access: 'toggle-sync' }, schema: { ...common, params: userParameters, body: syncSwitch } },
    (request, reply) => {
      const { enabled, source, until } = request.body;
      return act(request, reply, (asked) =>
        userActions.switchSync({
          ...asked,
          enabled,
          source: source ?? undefined,
          until: asDate(until ?? undefined),
        }),
      );
    },
  );

  app.put(
    '/users/:user/active',
    {
      config: { access: 'activate' },
      handlerTimeout: activationTimeoutMs,
      schema: { ...common, params: userParameters, body: activeSet },
    },
    (request, reply) => {
      const { active, insist } = request.body;
      return act(request, reply, (asked) =>
        active ? userActions.activation.activate(asked) : userActions.activation.deactivate({ ...asked, insist }),
      );
    },
  );

  app.get(
    '/owners',
    {
      config: { access: 'view' },
      schema: { tags: ['accounts'], querystring: ownerQuery, response: answers(ownerList) },
    },
    async (request) => {
      const { source, externalId } = request.query;
      const read = queries(request);
      const items = await read.owners({ ...request.query, at: asDate(request.query.at) });
      // Nobody held it, or nobody has ever seen it: the second is most often a slip of the pen.
      if (items.length === 0 && (await read.owners({ source, externalId })).length === 0)
        found(await read.accounts.get(source, externalId), 'account-unknown', `account ${externalId} of ${source}`);
      return { items };
    },
  );
}

type DoAct = (
  request: ActionRequest,
  reply: FastifyReply,
  work: (asked: UserRequest) => Promise<Acted>,
) => Promise<UserActed>;

/** Fields, roles, teams, supervision, group and scope. */
function editRoutes(
  app: ApiInstance,
  act: DoAct,
  { editField, memberships, changeScope }: ApiDependencies['userActions'],
): void {
  app.put(
    '/users/:user/fields/:field',
    { config: { access: 'edit-users' }, schema: { ...common, params: fieldParameters, body: fieldEdit } },
    (request, reply) =>
      act(request, reply, (asked) => editField({ ...asked, field: request.params.field, value: request.body.value })),
  );
  app.put(
    '/users/:user/roles/:role',
    { config: { access: 'assign-user-roles' }, schema: { ...common, params: roleParameters, body: wordSaid } },
    (request, reply) =>
      act(request, reply, (asked) =>
        memberships.role({ ...asked, role: request.params.role, word: request.body.word }),
      ),
  );
  app.put(
    '/users/:user/teams/:team',
    { config: { access: 'edit-users' }, schema: { ...common, params: teamParameters, body: wordSaid } },
    (request, reply) =>
      act(request, reply, (asked) =>
        memberships.team({ ...asked, team: request.params.team, word: request.body.word }),
      ),
  );
  app.put(
    '/users/:user/supervision/:team',
    { config: { access: 'edit-users' }, schema: { ...common, params: teamParameters, body: wordSaid } },
    (request, reply) =>
      act(request, reply, (asked) =>
        memberships.supervision({ ...asked, team: request.params.team, word: request.body.word }),
      ),
  );
  app.put(
    '/users/:user/main-team',
    { config: { access: 'edit-users' }, schema: { ...common, params: userParameters, body: mainTeamChosen } },
    (request, reply) => act(request, reply, (asked) => memberships.mainTeam({ ...asked, team: request.body.team })),
  );
  app.put(
    '/users/:user/group',
    { config: { access: 'edit-users' }, schema: { ...common, params: userParameters, body: groupChosen } },
    (request, reply) =>
      act(request, reply, (asked) => memberships.memberGroup({ ...asked, group: request.body.group })),
  );
  app.put(
    '/users/:user/scope',
    { config: { access: 'assign-user-roles' }, schema: { ...common, params: userParameters, body: scopeChange } },
    (request, reply) => {
      const { change, full, groups, teams } = request.body;
      return act(request, reply, (asked) => changeScope({ ...asked, change, full, groups, teams }));
    },
  );
}

/** Unlink, link, repurpose. */
function linkRoutes(app: ApiInstance, act: DoAct, { links, repurpose }: ApiDependencies['userActions']): void {
  app.post(
    '/users/:user/unlink',
    { config: { access: 'edit-users' }, schema: { ...common, params: userParameters, body: unlinkRequest } },
    (request, reply) => act(request, reply, (asked) => links.unlink({ ...asked, source: request.body.source })),
  );
  app.post(
    '/users/:user/link',
    { config: { access: 'edit-users' }, schema: { ...common, params: userParameters, body: linkRequest } },
    (request, reply) => {
      const { source, externalId } = request.body;
      return act(request, reply, (asked) => links.link({ ...asked, source, externalId }));
    },
  );
  app.post(
    '/users/:user/repurpose',
    { config: { access: 'edit-users' }, schema: { ...common, params: userParameters, body: repurposeRequest } },
    (request, reply) => {
      const { source, username } = request.body;
      return act(request, reply, (asked) =>
        repurpose({ ...asked, source: source ?? undefined, username: username ?? undefined }),
      );
    },
  );
}
