import { z } from 'zod';
import { askerOf } from '../../../api/authentication.ts';
import { formBase, idInPath, optionalReason } from '../../fields.ts';
import { seenText } from '../../../api/schemas/common.ts';
import { forPage, type PageRoutes } from '../../page-kit.ts';
import { goTo } from '../../reply.ts';
import { visitOf } from '../../visit.ts';

const params = z.object({ id: idInPath });
const digest = z.string().min(12).max(64);
const approved = z.object({ ...formBase, digest, reason: optionalReason });
const discarded = z.object({ ...formBase, digest, reason: seenText.trim().min(1).max(1_000) });

/** The verdict on a held run; another digest than the one shown is refused (spec 13.2). */
export const heldRunRoutes: PageRoutes = (app, kit) => {
  app.post(
    '/runs/:id/approve',
    { ...forPage('run-and-approve'), schema: { params, body: approved } },
    async (request, reply) => {
      const { id } = request.params;
      const { digest: shown, reason } = request.body;
      await kit.heldRuns.approve({
        run: id,
        digest: shown,
        ...(reason === undefined ? {} : { reason }),
        ...askerOf(request),
      });
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, `/runs/${String(id)}`, { text: words.held.approved(id), tone: 'good' });
    },
  );

  app.post(
    '/runs/:id/discard',
    { ...forPage('run-and-approve'), schema: { params, body: discarded } },
    async (request, reply) => {
      const { id } = request.params;
      const { digest: shown, reason } = request.body;
      const { refused } = await kit.heldRuns.discard({ run: id, digest: shown, reason, ...askerOf(request) });
      const { words } = visitOf(request, kit.zone);
      return goTo(request, reply, `/runs/${String(id)}`, { text: words.held.discarded(id, refused), tone: 'good' });
    },
  );
};
