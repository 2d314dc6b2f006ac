import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { profiles } from '../../../access/profiles.ts';
import { askerOf } from '../../../api/authentication.ts';
import { seenText } from '../../../api/schemas/common.ts';
import { permissions } from '../../../domain/permissions.ts';
import { formBase, idInPath, optionalReason, optionalText } from '../../fields.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { visitOf } from '../../visit.ts';
import { operatorsPage, type Once } from './show.ts';

const params = z.object({ operator: z.string().min(1).max(100) });
const said = z.object({ ...formBase, reason: optionalReason });
const name = seenText.trim().min(1).max(100);
const profile = z.enum(Object.keys(profiles) as [keyof typeof profiles]);
const invited = said.extend({ name, profile, group: optionalText(256), team: optionalText(256) });
const several = z.preprocess(
  (given) => (given === undefined ? [] : [given].flat()),
  z.array(z.enum(permissions)).max(permissions.length),
);
const tokenAsked = said.extend({ label: name, permissions: several });

/** Who may come in and what they may do (spec 19): operators, links and tokens. What is secret is shown once, on the page that answers. */
export const operatorRoutes: PageRoutes = (app, kit) => {
  const access = forPage('manage-operators');
  app.get('/operators', access, (request, reply) => page(kit, request, reply, null));

  app.post('/operators', { ...access, schema: { body: invited } }, async (request, reply) => {
    const { profile: chosen, group, team, reason, ...asked } = request.body;
    const scope = {
      full: group === undefined && team === undefined,
      groups: [group ?? []].flat(),
      teams: [team ?? []].flat(),
    };
    const who = { name: asked.name, permissions: profiles[chosen], scope, reason, ...askerOf(request) };
    return page(kit, request, reply, linkOnce(request, asked.name, await kit.administration.invite(who)));
  });

  app.post('/operators/:operator/link', { ...access, schema: { params, body: said } }, async (request, reply) => {
    const { operator } = request.params;
    const link = await kit.administration.link({ name: operator, reason: request.body.reason, ...askerOf(request) });
    return page(kit, request, reply, linkOnce(request, operator, link));
  });

  app.post(
    '/operators/:operator/profile',
    { ...access, schema: { params, body: said.extend({ profile }) } },
    async (request, reply) => {
      const { operator } = request.params;
      const { profile: chosen, reason } = request.body;
      await kit.administration.setPermissions({
        name: operator,
        permissions: profiles[chosen],
        reason,
        ...askerOf(request),
      });
      return done(kit, request, reply, operator);
    },
  );

  for (const act of ['disable', 'enable'] as const)
    app.post(`/operators/:operator/${act}`, { ...access, schema: { params, body: said } }, async (request, reply) => {
      const { operator } = request.params;
      const asked = { name: operator, reason: request.body.reason, ...askerOf(request) };
      await kit.administration.setDisabled({ ...asked, disabled: act === 'disable' });
      return done(kit, request, reply, operator);
    });

  // Unlocking needs the same as in the API: whoever activates users (spec 19.2).
  app.post(
    '/operators/:operator/unlock',
    { ...forPage('activate'), schema: { params, body: said } },
    async (request, reply) => {
      const { operator } = request.params;
      await kit.administration.unlock({ name: operator, reason: request.body.reason, ...askerOf(request) });
      return done(kit, request, reply, operator);
    },
  );

  app.post('/tokens', { ...access, schema: { body: tokenAsked } }, async (request, reply) => {
    const { label, permissions: chosen, reason } = request.body;
    const asker = askerOf(request);
    const { token } = await kit.administration.createToken({
      label,
      permissions: chosen,
      name: asker.operator,
      reason,
      ...asker,
    });
    return page(kit, request, reply, { kind: 'token', name: label, text: token });
  });

  app.post(
    '/tokens/:id/revoke',
    { ...access, schema: { params: z.object({ id: idInPath }), body: said } },
    async (request, reply) => {
      const { id } = request.params;
      await kit.administration.revokeToken({ id, reason: request.body.reason, ...askerOf(request) });
      return done(kit, request, reply, String(id));
    },
  );
};

function linkOnce({ protocol, host }: FastifyRequest, name: string, link: string): Once {
  return { kind: 'link', name, text: `${protocol}://${host}/link/${link}` };
}

async function page(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  once: Once | null,
): Promise<FastifyReply> {
  const queries = kit.queries(request);
  const [operators, tokens] = await Promise.all([kit.administration.operators(), kit.administration.tokens()]);
  const [groups, teams] = await Promise.all([queries.groups.list(), queries.teams.names()]);
  const names = { groups: groups.map(({ name: each }) => each), teams };
  return show(kit, request, reply, (visit) => ({
    title: visit.words.places.operators,
    place: 'operators',
    body: operatorsPage(visit, { operators, tokens, ...names, once }),
  }));
}

function done(kit: PageKit, request: FastifyRequest, reply: FastifyReply, name: string): FastifyReply {
  return goTo(request, reply, '/operators', {
    text: visitOf(request, kit.zone).words.operators.done(name),
    tone: 'good',
  });
}
