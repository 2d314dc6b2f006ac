import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { found } from '../../../api/instance.ts';
import { endOfDay } from '../../days.ts';
import { formBase, idInPath, optionalDay, optionalReason, optionalText } from '../../fields.ts';
import { forPage, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { localPath, visitOf } from '../../visit.ts';
import { nameOf } from './present.ts';

const params = z.object({ id: idInPath });
const off = z.object({
  ...formBase,
  reason: optionalReason,
  until: optionalDay,
  source: optionalText(64),
  version: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .optional(),
});

/** The switch in the row: off with a reason, and back on by the press that is offered then (spec 6). */
export const switchRoutes: PageRoutes = (app, kit) => {
  app.post(
    '/users/:id/sync/off',
    { ...forPage('toggle-sync'), schema: { params, body: off } },
    async (request, reply) => {
      const { id } = request.params;
      const { reason, until, source, version, back } = request.body;
      await kit.userActions.switchSync({
        ...askerOf(request),
        ...{ userId: id, enabled: false, reason, source, expectedVersion: version },
        until: until === undefined ? undefined : endOfDay(until, kit.zone),
      });
      const user = found(await kit.queries(request).users.get(id), 'user-unknown', `user ${String(id)}`);
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, localPath(back, `/users/${String(id)}`), {
        text: words.sync.switchedOff(nameOf(user), source ?? null),
        tone: 'good',
        undo: { action: `/users/${String(id)}/sync/back-on` },
      });
    },
  );

  app.post(
    '/users/:id/sync/back-on',
    { ...forPage('toggle-sync'), schema: { params, body: z.object(formBase) } },
    async (request, reply) => {
      const { id } = request.params;
      await kit.userActions.switchSync({ ...askerOf(request), userId: id, enabled: true });
      const user = found(await kit.queries(request).users.get(id), 'user-unknown', `user ${String(id)}`);
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, localPath(request.body.back, `/users/${String(id)}`), {
        text: words.sync.switchedOn(nameOf(user)),
        tone: 'good',
      });
    },
  );
};
