import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient } from '@hey-api/openapi-ts';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../support/api/databases.ts';
import { openFilledApi, type FilledApi } from '../../support/api/filled-api.ts';
import { createTempDir } from '../../support/services/temp.ts';

const directory = createTempDir('client');

/** What somebody writes with the generated client; checked with its types. */
const program = `
import { createClient, createConfig } from './client/index.ts';
import { getUser, listUsers, switchSync, whoAmI } from './sdk.gen.ts';

export async function run(baseUrl: string, token: string) {
  const client = createClient(createConfig({ baseUrl, auth: () => token, throwOnError: true }));
  const { data: me } = await whoAmI({ client, throwOnError: true });
  const names: string[] = [];
  let pages = 0;
  for (let after: string | undefined = undefined; ; ) {
    const { data: page } = await listUsers({ client, throwOnError: true, query: { limit: '1', ...(after === undefined ? {} : { after }) } }) as
      { data: { items: readonly { username: string | null }[]; next: string | null } };
    names.push(...page.items.map(({ username }) => username ?? ''));
    pages += 1;
    if (page.next === null) break;
    after = page.next;
  }
  const user = names[0] ?? '';
  const body = { enabled: false, reason: 'by a generated client' };
  await switchSync({ client, throwOnError: true, path: { user }, body });
  const { data: after } = await getUser({ client, throwOnError: true, path: { user } });
  const refused = await switchSync({ client: createClient(createConfig({ baseUrl, auth: () => 'wrong' })), path: { user }, body });
  return { me: me.permissions, names, pages, syncEnabled: after.syncEnabled, code: refused.error?.code, status: refused.response?.status };
}
// @ts-expect-error what the document does not know does not compile
export const wrong = () => switchSync({ path: { user: 'x' }, body: { enabled: 'no' } });
`;

describe('architecture 9, issue 14: a client that is generated from the OpenAPI document', () => {
  let filled: FilledApi;
  beforeAll(async () => {
    filled = await openFilledApi(openPostgres);
  });
  afterAll(async () => {
    await filled.close();
    await directory.remove();
  });

  it('compiles, signs in with a token, pages through users and switches a sync', async () => {
    const { api } = filled;
    const { json } = await api.ask<Record<string, unknown>>('GET', '/api/v1/openapi.json');
    const used = [
      'GET /api/v1/users',
      'GET /api/v1/users/{user}',
      'PUT /api/v1/users/{user}/sync',
      'GET /api/v1/whoami',
    ];
    await createClient({
      input: json,
      output: { path: directory.path, module: { extension: '.ts' } },
      logs: { level: 'silent' },
      // All of it takes ten seconds; the names of the others are held against the routes elsewhere.
      parser: { filters: { operations: { include: used } } },
    });
    const file = join(directory.path, 'program.ts');
    await writeFile(file, program);
    expect(mistakesIn(file)).toEqual([]);

    await api.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = api.app.server.address() as AddressInfo;
    const { run } = (await import(pathToFileURL(file).href)) as {
      run: (url: string, token: string) => Promise<object>;
    };
    const total = (await api.ask<{ items: unknown[] }>('GET', '/api/v1/users')).json.items.length;
    // The last two since the store was filled by hand: the first act on a user writes what follows from their accounts.
    const may = ['view', 'toggle-sync', 'edit-users', 'assign-user-roles'] as const;
    const result = await run(`http://127.0.0.1:${String(port)}`, await api.tokenWith(may));
    expect(result).toMatchObject({
      ...{ me: may, pages: total, syncEnabled: false, code: 'token-required', status: 401 },
    });
    expect(new Set((result as { names: string[] }).names).size).toBe(total);
  }, 180_000);
});

function mistakesIn(file: string): string[] {
  const checked = ts.createProgram([file], {
    ...{ strict: true, noEmit: true, skipLibCheck: true, erasableSyntaxOnly: true, allowImportingTsExtensions: true },
    ...{ module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, types: [] },
    ...{ target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'] },
  });
  return ts
    .getPreEmitDiagnostics(checked)
    .map(({ messageText, file: at }) => `${at?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
