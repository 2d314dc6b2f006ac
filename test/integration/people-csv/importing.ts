import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { PeopleImport, PeopleImportRow } from '../../../src/api/schemas/people-imports.ts';
import type { Site } from '../../support/site.ts';

/** Hands a file in; gives what it would do. */
export async function shownImport(
  site: Pick<Site, 'ask'>,
  file: string | Buffer,
  more: object = {},
  token?: string,
): Promise<PeopleImport> {
  const content = Buffer.from(file).toString('base64');
  const headers = token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  const { status, text, json } = await site.ask<PeopleImport>('POST', '/csv/imports', {
    body: { content, ...more },
    ...headers,
  });
  expect(status, text).toBe(200);
  return json;
}

/** All rows of an import, as they are listed. */
export async function importRows(site: Pick<Site, 'ask'>, id: number, query = ''): Promise<PeopleImportRow[]> {
  const rows: PeopleImportRow[] = [];
  for (let after = ''; ;) {
    const { json } = await site.ask<{ items: PeopleImportRow[]; next: string | null }>(
      'GET',
      `/csv/imports/${String(id)}/rows?limit=1000${query}${after}`,
    );
    rows.push(...json.items);
    if (json.next === null) return rows;
    after = `&after=${json.next}`;
  }
}

/** Has an import carried out, and waits for its end. */
export async function applied(
  site: Pick<Site, 'ask'>,
  { id, digest }: PeopleImport,
  more: object = {},
): Promise<PeopleImport> {
  const { status, text } = await site.ask('POST', `/csv/imports/${String(id)}/apply`, {
    body: { digest, beyondLimits: true, ...more },
  });
  expect(status, text).toBe(202);
  for (;;) {
    const { json } = await site.ask<PeopleImport>('GET', `/csv/imports/${String(id)}`);
    if (json.state === 'finished') return json;
    await sleep(5);
  }
}
