import { accountCsv } from '../account-export.ts';
import { askerOf, operatorOf } from '../authentication.ts';
import type { AccountFilter, ApiDependencies, ApiQueries } from '../dependencies.ts';
import type { ExportPlaces } from '../export-places.ts';
import { exportAnswers, exported, exportPage, exportTimeoutMs } from '../exported.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import {
  accountActed,
  accountExport,
  accountFilter,
  accountPage,
  accountParameters,
  ignoreRequest,
  type Account,
} from '../schemas/accounts.ts';

/** Accounts: Matched / Not matched and its export (spec 4.5), ignoring by hand (spec 2.7). */
export function accountRoutes(
  app: ApiInstance,
  { queries, accountIgnore }: ApiDependencies,
  places: ExportPlaces,
): void {
  app.get(
    '/accounts',
    {
      config: { access: 'view' },
      schema: { tags: ['accounts'], querystring: accountFilter, response: answers(accountPage) },
    },
    (request) => queries(request).accounts.list({ ...request.query, matched: flag(request.query.matched) }),
  );

  app.get(
    '/accounts/export',
    {
      config: { access: 'view' },
      handlerTimeout: exportTimeoutMs,
      schema: { tags: ['accounts'], querystring: accountExport, response: allAccounts },
    },
    (request, reply) => {
      const { format, matched, ...filter } = request.query;
      places.take(operatorOf(request), reply);
      const pages = pagesOf(queries(request).accounts, { ...filter, matched: flag(matched) });
      const { type, body } = exported(format, accountCsv, pages);
      return reply.type(type).header('content-disposition', `attachment; filename="accounts.${format}"`).send(body);
    },
  );

  for (const action of ['ignore', 'unignore'] as const) {
    app.post(
      `/accounts/:source/:externalId/${action}`,
      {
        config: { access: 'edit-users' },
        schema: { tags: ['accounts'], params: accountParameters, body: ignoreRequest, response: answers(accountActed) },
      },
      async (request) => {
        const { source, externalId } = request.params;
        const reason = request.body?.reason ?? undefined;
        const shown = () => queries(request).accounts.get(source, externalId);
        found(await shown(), 'account-unknown', `account ${externalId} of ${source}`);
        const { changed } = await accountIgnore[action]({ source, externalId, reason, ...askerOf(request) });
        return { ...found(await shown(), 'account-unknown', `account ${externalId} of ${source}`), changed };
      },
    );
  }
}

const allAccounts = exportAnswers('The whole list, in the order of source and external id');

function flag(given: 'true' | 'false' | undefined): boolean | undefined {
  return given === undefined ? undefined : given === 'true';
}

async function* pagesOf(
  accounts: ApiQueries['accounts'],
  filter: Omit<AccountFilter, 'after' | 'limit'>,
): AsyncGenerator<readonly Account[], void, void> {
  let after: string | undefined;
  do {
    const page = await accounts.list({ ...filter, after, limit: exportPage });
    yield page.items;
    after = page.next ?? undefined;
  } while (after !== undefined);
}
