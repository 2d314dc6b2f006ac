import type { NoticeKind } from '../domain/notice.ts';
import type { NoticeTarget, SlowRun, SourceCertificate, StandingSource, StandingState, WantedNotice } from './ports.ts';

/** From when on something is told of. */
export const tellFrom = {
  ...{ failures: 3, silentHours: 48, reviewDays: 7, certificateDays: 30 },
  ...{ longTimes: 3, longMinutes: 10, restMinutes: 15 },
} as const;

type Occasion = Omit<WantedNotice, 'target'>;

const dayMs = 86_400_000;

/**
 * What people should know now (spec 14.6). Pure: the same state gives the same occasions, so that each is told once and
 * one that has ended and comes again is told again.
 */
export function occasionsIn(state: StandingState, certificates: readonly SourceCertificate[]): Occasion[] {
  return [
    ...state.held.map(({ source, run, since }) => occasion('run-held', source, '', { source, run, since })),
    ...state.slow.flatMap(ofSlow),
    ...state.sources.filter(({ rests }) => !rests).flatMap(ofSource),
    ...ofReviews(state.oldReviews),
    ...certificates.flatMap((certificate) => ofCertificate(certificate, new Date(state.now))),
  ];
}

/** Each occasion for each target that wants its kind. */
export function wantedBy(targets: readonly NoticeTarget[], occasions: readonly Occasion[]): WantedNotice[] {
  const wanted = targets.flatMap(({ name, on }) =>
    occasions.filter(({ kind }) => on.includes(kind)).map((each) => ({ ...each, target: name })),
  );
  const firstOf = new Map(wanted.toReversed().map((notice) => [`${notice.target}\n${notice.subject}`, notice]));
  return wanted.filter((notice) => firstOf.get(`${notice.target}\n${notice.subject}`) === notice);
}

/** The subject of a kind of notice about a source, or about the store where there is none. */
export function subjectOf(kind: NoticeKind, source?: string): string {
  return source === undefined ? kind : `${kind} ${source}`;
}

function occasion(
  kind: NoticeKind,
  source: string | undefined,
  digest: string,
  facts: WantedNotice['facts'],
): Occasion {
  return { kind, subject: subjectOf(kind, source), digest, facts };
}

function ofSlow({ source, run, since, tooLong, restsSince }: SlowRun): Occasion[] {
  return [
    ...(tooLong ? [occasion('run-too-long', source, String(run), { source, run, since })] : []),
    ...(restsSince === null
      ? []
      : [occasion('run-without-progress', source, `${String(run)} ${restsSince}`, { source, run, since: restsSince })]),
  ];
}

function ofSource({ source, failures, silentSince, refusedAt }: StandingSource): Occasion[] {
  if (refusedAt !== null) return [occasion('log-in-refused', source, refusedAt, { source, since: refusedAt })];
  return [
    ...(failures >= tellFrom.failures ? [occasion('source-failing', source, '', { source, count: failures })] : []),
    ...(silentSince === null ? [] : [occasion('source-silent', source, silentSince, { source, since: silentSince })]),
  ];
}

/** Told again on the next day on which another one gets old, not with each of them. */
function ofReviews(old: StandingState['oldReviews']): Occasion[] {
  if (old === null) return [];
  const { count, oldestItem, since, youngestDay } = old;
  return [occasion('review-old', undefined, youngestDay, { count, oldestItem, since })];
}

function ofCertificate({ source, expiresAt }: SourceCertificate, now: Date): Occasion[] {
  if (expiresAt === null || expiresAt.getTime() - now.getTime() > tellFrom.certificateDays * dayMs) return [];
  const at = expiresAt.toISOString();
  return [occasion('certificate-expiring', source, at, { source, expiresAt: at })];
}
