import type { OperatorEntry, TokenEntry } from '../../access/administration.ts';
import { profileOf } from '../../access/profiles.ts';
import { askerOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import {
  because,
  done,
  firstLink,
  invitation,
  linkMade,
  operatorList,
  operatorParameters,
  permissionsSet,
  scopeSet,
  tokenAsked,
  tokenList,
  tokenMade,
  tokenParameters,
  type OperatorJson,
  type TokenJson,
} from '../schemas/access.ts';

const hoursOfLink = 24;

/** Operators and tokens: who may come in, and what they may do (spec 19). */
export function operatorRoutes(app: ApiInstance, { administration }: ApiDependencies): void {
  const config = { access: 'manage-operators' } as const;
  const tags = ['access'];
  const list = async () => ({ items: (await administration.operators()).map(operatorJson) });
  const one = async (name: string): Promise<OperatorJson> =>
    found((await list()).items.find((each) => each.name === name) ?? null, 'operator-unknown', `operator ${name}`);
  const acted = { tags, params: operatorParameters, response: answers(operatorList) };

  app.get('/operators', { config, schema: { tags, response: answers(operatorList) } }, list);

  app.post(
    '/operators',
    { config, schema: { tags, body: invitation, response: answers(linkMade) } },
    async (request) => {
      const { reason, ...asked } = request.body;
      const link = await administration.invite({ ...asked, reason: reason ?? undefined, ...askerOf(request) });
      return { link, validForHours: hoursOfLink, operator: await one(asked.name) };
    },
  );

  app.put(
    '/operators/:operator/permissions',
    { config, schema: { ...acted, body: permissionsSet } },
    async (request) => {
      const { permissions, reason } = request.body;
      const name = request.params.operator;
      await administration.setPermissions({ name, permissions, reason: reason ?? undefined, ...askerOf(request) });
      return list();
    },
  );

  app.put('/operators/:operator/scope', { config, schema: { ...acted, body: scopeSet } }, async (request) => {
    const { reason, ...scope } = request.body;
    const name = request.params.operator;
    await administration.setScope({ name, scope, reason: reason ?? undefined, ...askerOf(request) });
    return list();
  });

  // An admin unlocks, and need not see who else there is (spec 19.2).
  app.post(
    '/operators/:operator/unlock',
    {
      config: { access: 'activate' },
      schema: { tags, params: operatorParameters, body: because, response: answers(done) },
    },
    async (request) => {
      const reason = request.body?.reason ?? undefined;
      await administration.unlock({ name: request.params.operator, reason, ...askerOf(request) });
      return { done: true as const };
    },
  );

  for (const action of ['disable', 'enable'] as const)
    app.post(`/operators/:operator/${action}`, { config, schema: { ...acted, body: because } }, async (request) => {
      const name = request.params.operator;
      const asked = { name, reason: request.body?.reason ?? undefined, ...askerOf(request) };
      await administration.setDisabled({ ...asked, disabled: action === 'disable' });
      return list();
    });

  app.post(
    '/operators/:operator/link',
    { config, schema: { tags, params: operatorParameters, body: because, response: answers(linkMade) } },
    async (request) => {
      const name = request.params.operator;
      const reason = request.body?.reason ?? undefined;
      const link = await administration.link({ name, reason, ...askerOf(request) });
      return { link, validForHours: hoursOfLink, operator: await one(name) };
    },
  );

  app.post('/first-operator/link', { config, schema: { tags, response: answers(firstLink) } }, async (request) => ({
    link: await administration.firstLink(askerOf(request)),
    validForHours: 1,
  }));

  app.get('/tokens', { config, schema: { tags, response: answers(tokenList) } }, async () => ({
    items: (await administration.tokens()).map(tokenJson),
  }));

  app.post('/tokens', { config, schema: { tags, body: tokenAsked, response: answers(tokenMade) } }, async (request) => {
    const { label, permissions, operator, reason } = request.body;
    const asker = askerOf(request);
    const made = await administration.createToken({
      ...{ label, permissions, name: operator ?? asker.operator, reason: reason ?? undefined },
      ...asker,
    });
    return { ...tokenJson(made), token: made.token };
  });

  app.post(
    '/tokens/:id/revoke',
    { config, schema: { tags, params: tokenParameters, body: because, response: answers(done) } },
    async (request) => {
      const reason = request.body?.reason ?? undefined;
      await administration.revokeToken({ id: request.params.id, reason, ...askerOf(request) });
      return { done: true as const };
    },
  );
}

function operatorJson({ id: _internal, lastSignInAt, ...entry }: OperatorEntry): OperatorJson {
  return {
    ...entry,
    profile: entry.kind === 'local' ? 'owner' : profileOf(entry.permissions),
    lastSignInAt: lastSignInAt?.toISOString() ?? null,
  };
}

function tokenJson({ id, label, operator, permissions, createdAt, lastUsedAt, revokedAt }: TokenEntry): TokenJson {
  return {
    ...{ id, label, operator, permissions, createdAt: createdAt.toISOString() },
    ...{ lastUsedAt: lastUsedAt?.toISOString() ?? null, revokedAt: revokedAt?.toISOString() ?? null },
  };
}
