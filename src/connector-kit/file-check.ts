import type { Finding } from './check-report.ts';
import type { Page, Read, ReadEnd } from './contract.ts';
import type { SourceFile } from './file.ts';

/** What `source check` says of a file that could be opened. */
export function describeFile(file: SourceFile): Finding {
  return { detail: `${file.path}: ${String(file.size)} bytes, written ${file.modifiedAt.toISOString()}` };
}

/** The first page of a read, or its end where it has none; nothing beyond is read. */
export async function firstPage(read: Read): Promise<Page | ReadEnd> {
  const first = await read.next();
  await read.return({ whole: false });
  return first.value;
}

/** What `source check` says of a first page. */
export function describePage(page: Page | ReadEnd): Finding {
  if (!('records' in page)) return { detail: page.reason ?? 'no record', remedy: 'export the file again' };
  const detail = `${String(page.records.length)} accounts, ${String(page.rejected.length)} records rejected`;
  const [rejected] = page.rejected;
  return rejected === undefined ? { detail } : { detail, remedy: `see ${rejected.position}: ${rejected.reason}` };
}
