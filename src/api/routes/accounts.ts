import type { ApiDependencies } from '../dependencies.ts';
import { answers, type ApiInstance } from '../instance.ts';
import { accountFilter, accountPage } from '../schemas/accounts.ts';

/** Accounts: Matched / Not matched (spec 4.5). */
export function accountRoutes(app: ApiInstance, { queries }: ApiDependencies): void {
  app.get(
    '/accounts',
    {
      config: { access: 'view' },
      schema: { tags: ['accounts'], querystring: accountFilter, response: answers(accountPage) },
    },
    ({ query }) => queries.accounts.list(query),
  );
}
