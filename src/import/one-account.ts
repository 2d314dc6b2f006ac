import type { OneRead, Page, Read, Session } from '../connector-kit/contract.ts';
import { SourceError } from '../connector-kit/errors.ts';

/** One account as the changes of a source that has changed nothing else (spec 2.8). Throws a SourceError where it cannot be asked. */
export async function* readOneAccount(session: Session, externalId: string, signal: AbortSignal): Read {
  const one = (await session.readOne?.(externalId, signal)) ?? {
    unsupported: 'this kind of source cannot be asked for one',
  };
  yield pageOf(externalId, one);
  return { whole: true };
}

function pageOf(externalId: string, one: OneRead): Page {
  const nothing = { records: [], gone: [], rejected: [] };
  if ('record' in one) return { ...nothing, records: [one.record] };
  if ('rejected' in one) return { ...nothing, rejected: [one.rejected] };
  if ('gone' in one) return { ...nothing, gone: [{ externalId, how: one.gone }] };
  throw new SourceError(
    'fatal',
    'one-account-unsupported',
    `this account cannot be read on its own: ${one.unsupported}`,
  );
}
