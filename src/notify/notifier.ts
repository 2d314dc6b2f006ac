import { codeOf, NotSentError } from './errors.ts';
import { occasionsIn, subjectOf, tellFrom, wantedBy } from './occasions.ts';
import type { DueNotice, NoticeStore, NoticeTarget, SourceCertificate } from './ports.ts';

export interface NotifierOptions {
  readonly store: NoticeStore;
  readonly targets: readonly NoticeTarget[];
  /** Asks every source's server for its certificate. */
  readonly certificates: (signal: AbortSignal) => Promise<readonly SourceCertificate[]>;
  readonly warn: (data: object, message: string) => void;
}

export interface Notifier {
  /** Looks at what stands, and tells what has not been told. Never throws because of a target. */
  round(signal: AbortSignal): Promise<void>;
}

const certificatesMs = 6 * 3_600_000;
const mostAtOnce = 20;

/** Tells people of what needs them, durably and once per occasion (spec 14.6). What does not arrive is tried again. */
export function createNotifier({ store, targets, certificates, warn }: NotifierOptions): Notifier {
  const byName = Map.groupBy(targets, (target) => target.name);
  let known: { readonly at: number; readonly certificates: readonly SourceCertificate[] } | undefined;

  async function lookAtCertificates(signal: AbortSignal): Promise<readonly SourceCertificate[]> {
    if (known === undefined || performance.now() - known.at > certificatesMs)
      known = { at: performance.now(), certificates: await certificates(signal) };
    return known.certificates;
  }

  async function send(notice: DueNotice, signal: AbortSignal): Promise<void> {
    const target = byName.get(notice.target)?.[0];
    if (target === undefined) return;
    try {
      await target.send(notice, signal);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof NotSentError ? error.message : codeOf(error);
      warn(
        { target: notice.target, notice: notice.id, kind: notice.kind, reason },
        'a notice was not sent and is tried again',
      );
      return;
    }
    await store.markSent(notice.id);
  }

  return {
    async round(signal) {
      const seen = await lookAtCertificates(signal);
      const state = await store.standing(tellFrom);
      const undecided = seen.flatMap(({ source, expiresAt }) =>
        expiresAt === null ? [subjectOf('certificate-expiring', source)] : [],
      );
      await store.keep(wantedBy(targets, occasionsIn(state, seen)), undecided);
      const due = await store.take(mostAtOnce);
      await Promise.all(due.map((notice) => send(notice, signal)));
    },
  };
}
