import { Readable } from 'node:stream';
import { z } from 'zod';
import { accountCsvHead, accountCsvLine } from '../account-export.ts';
import { operatorOf } from '../authentication.ts';
import type { AccountFilter, ApiDependencies } from '../dependencies.ts';
import { answers, found, type ApiInstance } from '../instance.ts';
import {
  account,
  accountExport,
  accountFilter,
  accountPage,
  accountParameters,
  ignoreRequest,
  type Account,
} from '../schemas/accounts.ts';

/** A million accounts take some minutes. */
const exportTimeoutMs = 3_600_000;
const exportPage = 1_000;

/** Accounts: Matched / Not matched and its export (spec 4.5), ignoring by hand (spec 2.7). */
export function accountRoutes(app: ApiInstance, { queries, accountIgnore }: ApiDependencies): void {
  app.get(
    '/accounts',
    {
      config: { access: 'view' },
      schema: { tags: ['accounts'], querystring: accountFilter, response: answers(accountPage) },
    },
    ({ query }) => queries.accounts.list({ ...query, matched: flag(query.matched) }),
  );

  app.get(
    '/accounts/export',
    {
      config: { access: 'view' },
      handlerTimeout: exportTimeoutMs,
      schema: { tags: ['accounts'], querystring: accountExport, response: exported },
    },
    ({ query: { format, matched, ...filter } }, reply) => {
      const [type, head, line] = formats[format];
      const pages = pagesOf(queries.accounts, { ...filter, matched: flag(matched) });
      return reply
        .type(type)
        .header('content-disposition', `attachment; filename="accounts.${format}"`)
        .send(Readable.from(textOf(pages, head, line)));
    },
  );

  for (const action of ['ignore', 'unignore'] as const) {
    app.post(
      `/accounts/:source/:externalId/${action}`,
      {
        config: { access: 'edit-users' },
        schema: { tags: ['accounts'], params: accountParameters, body: ignoreRequest, response: answers(account) },
      },
      async (request) => {
        const { source, externalId } = request.params;
        const reason = request.body?.reason ?? undefined;
        await accountIgnore[action]({ source, externalId, reason, operator: operatorOf(request) });
        const shown = await queries.accounts.get(source, externalId);
        return found(shown, 'account-unknown', `account ${externalId} of ${source}`);
      },
    );
  }
}

/** Text that is written as it is read, so that no check of the whole is possible. */
const streamed = z.unknown();

const exported = {
  ...answers(z.unknown()),
  200: {
    description: 'The whole list, in the order of source and external id',
    content: {
      'text/csv': { schema: streamed },
      'application/x-ndjson': { schema: streamed },
    },
  },
};

const formats = {
  csv: ['text/csv; charset=utf-8', accountCsvHead, accountCsvLine],
  ndjson: ['application/x-ndjson', '', (each: Account) => `${JSON.stringify(each)}\n`],
} as const;

function flag(given: 'true' | 'false' | undefined): boolean | undefined {
  return given === undefined ? undefined : given === 'true';
}

async function* pagesOf(
  accounts: ApiDependencies['queries']['accounts'],
  filter: Omit<AccountFilter, 'after' | 'limit'>,
): AsyncGenerator<readonly Account[], void, void> {
  let after: string | undefined;
  do {
    const page = await accounts.list({ ...filter, after, limit: exportPage });
    yield page.items;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

/** One piece of text per page. */
async function* textOf(
  pages: AsyncIterable<readonly Account[]>,
  head: string,
  line: (each: Account) => string,
): AsyncGenerator<string, void, void> {
  if (head !== '') yield head;
  for await (const page of pages) yield page.map(line).join('');
}
