import type { OpenDatabase } from './databases.ts';
import { fillStore, type FilledStore } from './filled-store.ts';
import { testApi, type TestApi } from './test-api.ts';

/** A {@link testApi} on a database that {@link fillStore} has filled. */
export type FilledApi = {
  readonly database: OpenDatabase;
  readonly store: FilledStore;
  readonly api: TestApi;
  readonly close: () => Promise<void>;
};

/** Opens both; `close` ends both. */
export async function openFilledApi(open: () => Promise<OpenDatabase>): Promise<FilledApi> {
  const database = await open();
  const store = await fillStore(database.knex);
  const api = await testApi(database.knex);
  const close = async (): Promise<void> => {
    await api.app.close();
    await database.close();
  };
  return { database, store, api, close };
}
