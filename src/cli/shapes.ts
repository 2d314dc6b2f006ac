/**
 * What the commands read of the API's answers. The API checks its answers against its own schemas; a field that an older
 * or newer daemon leaves out shows as empty.
 */

export type Page<Item> = { readonly items: readonly Item[]; readonly next?: string | null };

export type Person = { readonly kind: string; readonly name?: string | null };

export type UserProfile = {
  readonly source: string;
  readonly kind?: string;
  readonly externalId: string;
  readonly state: string;
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly lastSeenAt?: string | null;
};

export type SyncSwitch = {
  readonly enabled?: boolean;
  readonly source?: string | null;
  readonly by?: string | null;
  readonly at?: string | null;
  readonly reason?: string | null;
  readonly until?: string | null;
};

export type User = {
  readonly id: number;
  readonly origin?: string | null;
  readonly username?: string | null;
  readonly displayName?: string | null;
  readonly email?: string | null;
  readonly windowsLogin?: string | null;
  readonly employeeId?: string | null;
  readonly employeeIdDerived?: boolean;
  readonly acdId?: string | null;
  readonly acdSource?: string | null;
  readonly active?: boolean;
  readonly syncEnabled?: boolean;
  readonly sync?: readonly SyncSwitch[];
  readonly createdAt?: string | null;
  readonly deactivatedAt?: string | null;
  readonly roles?: readonly { readonly role: string; readonly givenBy?: string | null }[];
  readonly teams?: readonly { readonly name: string; readonly main?: boolean }[];
  readonly supervises?: readonly string[];
  readonly attributes?: readonly { readonly name: string; readonly value?: string | null }[];
  readonly profiles?: readonly UserProfile[];
  readonly [field: string]: unknown;
};

export type Account = {
  readonly id: number;
  readonly source: string;
  readonly externalId: string;
  readonly state: string;
  readonly match: string;
  readonly reason?: string | null;
  readonly userId?: number | null;
  readonly values?: Readonly<Record<string, string | null>>;
};

export type Source = {
  readonly id: string;
  readonly kind?: string;
  readonly as?: string;
  readonly state: string;
  readonly pausedBy?: string | null;
  readonly pauseReason?: string | null;
  readonly pausedAt?: string | null;
  readonly lastSuccessAt?: string | null;
  readonly nextRuns?: readonly string[];
  readonly accounts?: Readonly<Record<string, number>>;
  readonly waitingFor?: string | readonly string[] | null;
};

export type CheckStep = {
  readonly name: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly remedy?: string;
};

/** `rate` is per second; `total` is null where the source does not announce it. */
export type RunProgress = {
  readonly done?: number | null;
  readonly total?: number | null;
  readonly rate?: number | null;
};

export type Run = {
  readonly id: number;
  readonly source: string;
  readonly mode: string;
  readonly state: string;
  readonly phase?: string | null;
  readonly counts?: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string } | null;
  readonly askedBy?: string | Person | null;
  readonly askedAt?: string | null;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
  readonly progress?: RunProgress | null;
  readonly waitingFor?: string | readonly string[] | null;
  readonly notes?: readonly string[] | null;
  readonly rejects?:
    | readonly { readonly externalId?: string | null; readonly position?: string; readonly reason: string }[]
    | null;
};

export type RefusedSource = { readonly source: string; readonly code: string; readonly message: string };

/** A sync that was asked for, and how it stands. */
export type Sync = {
  readonly id: string;
  readonly atRest?: boolean;
  readonly runs: readonly Run[];
  readonly refused?: readonly RefusedSource[];
};

export type Change = { readonly field: string; readonly before?: unknown; readonly after?: unknown };

export type HistoryEvent = {
  readonly id: number | string;
  readonly at: string;
  readonly actor?: Person;
  readonly type: string;
  readonly source?: string | null;
  readonly runId?: number | null;
  readonly userId?: number | null;
  readonly externalId?: string | null;
  readonly changes?: readonly Change[];
  readonly reason?: string | null;
};

export type ReviewItem = {
  readonly id: number;
  readonly kind: string;
  readonly source?: string | null;
  readonly externalId?: string | null;
  readonly userIds?: readonly number[];
  readonly openedAt?: string | null;
  readonly options?: readonly unknown[];
};
