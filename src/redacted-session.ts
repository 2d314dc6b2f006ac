import type { CheckStep, OneRead, Page, Read, ReadEnd, Session } from './connector-kit/contract.ts';
import type { Redactor } from './telemetry/redactor.ts';

/**
 * The second net for secrets (spec 20.11): what a source's session says for people, in errors, notes, reasons and steps of a
 * check, becomes part of runs, logs and answers, and a source may repeat what it was logged in with. A connector takes its
 * own secrets out; this takes out what it missed, in whatever form the redactor knows.
 */
export function redactedSession(session: Session, redactor: Redactor): Session {
  return {
    systemId: session.systemId,
    readAll: (signal) => redactedRead(session.readAll(signal), redactor),
    ...(session.readChanges === undefined ? {} : { readChanges: (...asked) => changesOf(session, redactor, ...asked) }),
    ...(session.readOne === undefined ? {} : { readOne: (...asked) => redactedOne(session, redactor, ...asked) }),
    lookup: (externalId, signal) => withoutSecrets(session.lookup(externalId, signal), redactor),
    close: () => withoutSecrets(session.close(), redactor),
  };
}

function changesOf(session: Session, redactor: Redactor, cursor: string, signal: AbortSignal): Read {
  const read = session.readChanges?.(cursor, signal);
  if (read === undefined) throw new Error('a source without changes was asked for them');
  return redactedRead(read, redactor);
}

async function redactedOne(
  session: Session,
  redactor: Redactor,
  externalId: string,
  signal: AbortSignal,
): Promise<OneRead> {
  const reading = session.readOne?.(externalId, signal);
  if (reading === undefined) throw new Error('a source that reads no single accounts was asked for one');
  const one = await withoutSecrets(reading, redactor);
  if ('unsupported' in one) return { unsupported: redactor.redact(one.unsupported) };
  if (!('rejected' in one)) return one;
  return { rejected: { ...one.rejected, reason: redactor.redact(one.rejected.reason) } };
}

/** The result; an error without secrets in its message where it fails. */
export async function withoutSecrets<T>(work: Promise<T>, redactor: Redactor): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw redactedError(error, redactor);
  }
}

export function redactedSteps(steps: readonly CheckStep[], redactor: Redactor): readonly CheckStep[] {
  return steps.map((step) => ({
    ...step,
    detail: redactor.redact(step.detail),
    ...(step.remedy === undefined ? {} : { remedy: redactor.redact(step.remedy) }),
  }));
}

/** The same error: class, code and delay stay what they are. */
function redactedError(error: unknown, redactor: Redactor): unknown {
  if (error instanceof Error) error.message = redactor.redact(error.message);
  return error;
}

async function* redactedRead(read: Read, redactor: Redactor): Read {
  try {
    let step = await read.next();
    while (step.done !== true) {
      yield redactedPage(step.value, redactor);
      step = await read.next();
    }
    return redactedEnd(step.value, redactor);
  } catch (error) {
    throw redactedError(error, redactor);
  } finally {
    // Whoever stops early stops the connector too; one that has ended takes no notice.
    await read.return({ whole: false });
  }
}

function redactedPage(page: Page, redactor: Redactor): Page {
  if (page.rejected.length === 0) return page;
  return { ...page, rejected: page.rejected.map((each) => ({ ...each, reason: redactor.redact(each.reason) })) };
}

function redactedEnd(end: ReadEnd, redactor: Redactor): ReadEnd {
  return {
    ...end,
    ...(end.reason === undefined ? {} : { reason: redactor.redact(end.reason) }),
    ...(end.notes === undefined ? {} : { notes: end.notes.map((note) => redactor.redact(note)) }),
  };
}
