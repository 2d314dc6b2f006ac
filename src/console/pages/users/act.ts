import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import { describe, type Described } from '../../../api/problem.ts';
import type { User } from '../../../api/schemas/users.ts';
import type { UserActed } from '../../../users/user-action.ts';
import { formBase, idInPath, optionalReason } from '../../fields.ts';
import { forPage, show, type PageKit, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { localPath, visitOf } from '../../visit.ts';
import { actPage } from './act-page.ts';
import { userActs, type UserAct, type Values } from './acts.ts';
import type { Played } from './played.ts';
import { nameOf } from './present.ts';

const params = z.object({ id: idInPath });
const given = z.record(z.string().max(100), z.string().max(2_000));
const form = z.looseObject({
  ...formBase,
  reason: optionalReason,
  step: z.enum(['preview', 'do']),
  version: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional(),
});

/** Sources may have to be asked about a living account, each within its own time-outs. */
const actTimeoutMs = 120_000;

/** Acts on one user: what it will do is shown first, and done if the user is still as shown (spec 6.3, 13.5). */
export const actRoutes: PageRoutes = (app, kit) => {
  for (const [name, act] of Object.entries(userActs)) {
    const route = { ...forPage(act.access), handlerTimeout: actTimeoutMs };
    app.get(`/users/:id/acts/${name}`, { ...route, schema: { params, querystring: given } }, async (request, reply) =>
      play(kit, request, reply, { name, act, values: pick(act, request.query), id: request.params.id }),
    );
    app.post(`/users/:id/acts/${name}`, { ...route, schema: { params, body: form } }, async (request, reply) => {
      const { id } = request.params;
      const { step, reason, version, back } = request.body;
      const values = pick(act, request.body);
      const asked = { name, act, values, id, reason };
      if (step === 'preview') return play(kit, request, reply, asked);
      try {
        await act.run(kit.userActions, { ...askerOf(request), userId: id, reason, expectedVersion: version }, values);
      } catch (error) {
        const refusal = refusalOf(error);
        return play(kit, request, reply, { ...asked, refusal });
      }
      const user = found(await kit.queries(request).users.get(id), 'user-unknown', `user ${String(id)}`);
      const { words } = visitOf(request, kit.zone);
      const text = words.acts.done(words.actNames[name as keyof typeof words.actNames], nameOf(user));
      return goTo(request, reply, localPath(back, `/users/${String(id)}`), { text, tone: 'good' });
    });
  }
};

interface Asked {
  readonly name: string;
  readonly act: UserAct;
  readonly id: number;
  readonly values: Values;
  readonly reason?: string | undefined;
  readonly refusal?: Described;
}

async function play(kit: PageKit, request: FastifyRequest, reply: FastifyReply, asked: Asked): Promise<FastifyReply> {
  const { act, id, name, reason } = asked;
  const queries = kit.queries(request);
  const user = found(await queries.users.get(id), 'user-unknown', `user ${String(id)}`);
  const values: Values = { ...startOf(act, user, asked.values), ...asked.values };
  const options = new Map<string, readonly string[]>();
  for (const input of act.inputs)
    if (input.options !== undefined)
      options.set(input.name, await input.options({ queries, roleCatalogue: kit.roleCatalogue, user }));
  const complete = act.inputs.every((input) => asked.values[input.name] !== undefined || input.optional === true);
  let { refusal = null } = asked as { refusal?: Described | null };
  let preview: UserActed | null = null;
  if (complete && (refusal === null || refusal.code === 'version-changed'))
    try {
      const request_ = { ...askerOf(request), userId: id, reason, preview: true };
      preview = await act.run(kit.userActions, request_, values);
    } catch (error) {
      refusal = refusalOf(error);
    }
  const played: Played = { name, act, user, values, options, preview, refusal, reason };
  return show(kit, request, reply, (visit) => ({
    ...actPage(visit, played),
    place: 'users',
    status: refusal?.status ?? 200,
  }));
}

/** What is refused for a reason that the page itself can show; anything else goes on as an error. */
function refusalOf(error: unknown): Described {
  const described = describe(error as Parameters<typeof describe>[0]);
  if ([409, 412, 422, 502].includes(described.status)) return described;
  throw error;
}

function startOf({ inputs }: UserAct, user: User, values: Values): Values {
  return Object.fromEntries(
    inputs.flatMap(({ name, start }) => (start === undefined ? [] : [[name, start(user, values)]])),
  );
}

/** The inputs that were given, and what goes along with a form from one step to the next. */
function pick({ inputs }: UserAct, from: Readonly<Record<string, unknown>>): Values {
  const names = [...inputs.map(({ name }) => name), 'seen', 'insist'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = from[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}
