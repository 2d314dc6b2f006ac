import type { NoticeKind } from '../domain/notice.ts';
import type { SourceId } from '../domain/user.ts';

/** What a notice says: ids, counts and times; never a name of a person, nor anything that a source said of one. */
interface NoticeFacts {
  readonly source?: SourceId;
  readonly run?: number;
  /** Failed runs in a row, or open questions. */
  readonly count?: number;
  readonly oldestItem?: number;
  /** ISO 8601 in UTC, as all times here. */
  readonly since?: string | null;
  readonly expiresAt?: string;
}

/** A notice that somebody is to get, once for as long as its occasion stands. */
export interface WantedNotice {
  readonly target: string;
  readonly kind: NoticeKind;
  /** What it is about: one notice at a time about one subject. */
  readonly subject: string;
  /** Which occasion: another one about the same subject is told anew. */
  readonly digest: string;
  readonly facts: NoticeFacts;
}

/** A notice whose time has come. */
export interface DueNotice extends WantedNotice {
  readonly id: number;
  readonly noticedAt: string;
}

/** What stands in the database that somebody may have to be told of. */
export interface StandingState {
  readonly now: string;
  /** Sources whose latest result is held, also while a later run asks again; `run` is the latest that was held. */
  readonly held: readonly { readonly source: SourceId; readonly run: number; readonly since: string }[];
  /** Runs under way that are slower than they should be. */
  readonly slow: readonly SlowRun[];
  readonly sources: readonly StandingSource[];
  /** Open questions that are older than the given age; null where there is none. */
  readonly oldReviews: {
    readonly count: number;
    readonly oldestItem: number;
    readonly since: string;
    /** The day on which the youngest of them was opened. */
    readonly youngestDay: string;
  } | null;
}

/** A run under way that takes much longer than the last ones of its source and mode, or that gets no further. */
export interface SlowRun {
  readonly source: SourceId;
  readonly run: number;
  readonly since: string;
  /** Longer than the last ones took. */
  readonly tooLong: boolean;
  /** Since when nothing more was done, where that is too long; else null. Waiting for another run is no rest. */
  readonly restsSince: string | null;
}

/** From when on something is told of. */
export interface TellFrom {
  readonly reviewDays: number;
  readonly silentHours: number;
  /** A run is too long when it takes so many times the longest of its source's last ones, and so many minutes. */
  readonly longTimes: number;
  readonly longMinutes: number;
  readonly restMinutes: number;
}

export interface StandingSource {
  readonly source: SourceId;
  /** Failed runs in a row. */
  readonly failures: number;
  /**
   * Since when it has not been read with success, where that is too long and a run has failed meanwhile; else null. A source
   * that is read once a week is not silent in between.
   */
  readonly silentSince: string | null;
  /** When it was paused because its log-in was refused. */
  readonly refusedAt: string | null;
  /** A pause of a person, or retired: nobody waits for it. */
  readonly rests: boolean;
}

/** What being told needs of the database. */
export interface NoticeStore {
  standing(limits: TellFrom): Promise<StandingState>;
  /** Makes the stored notices those that are wanted; what has been sent and still stands stays sent. */
  keep(wanted: readonly WantedNotice[], undecidedSubjects: readonly string[]): Promise<void>;
  /** Takes notices whose time has come and puts their next attempt off, so that nobody else sends them meanwhile. */
  take(most: number): Promise<DueNotice[]>;
  markSent(id: number): Promise<void>;
}

/** Somewhere that people are told. `send` throws a NotSentError. */
export interface NoticeTarget {
  /** As the configuration names it; holds no secret. */
  readonly name: string;
  readonly on: readonly NoticeKind[];
  send(notice: DueNotice, signal: AbortSignal): Promise<void>;
}

/** When the certificate of a source's server expires; null where it could not be asked. */
export interface SourceCertificate {
  readonly source: SourceId;
  readonly expiresAt: Date | null;
}
