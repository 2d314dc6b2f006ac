/** Rows that commands print with `--json`: the fields that tests look at (architecture 9). */

export type UserRow = {
  readonly id: number;
  readonly username: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly department: string | null;
  readonly windowsLogin: string | null;
  readonly employeeId: string | null;
  readonly acdId: string | null;
  readonly active: boolean;
  readonly syncEnabled: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly roles: readonly { readonly role: string; readonly givenBy: string }[];
  readonly teams: readonly { readonly name: string; readonly main: boolean }[];
  readonly profiles: readonly {
    readonly source: string;
    readonly externalId: string;
    readonly state: string;
    readonly lastSeenAt: string | null;
  }[];
};

export type EventRow = {
  readonly id: number;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly type: string;
  readonly source: string | null;
  readonly userId: number | null;
  readonly externalId: string | null;
  readonly changes: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
  readonly reason: string | null;
};

export type AccountRow = {
  readonly source: string;
  readonly externalId: string;
  readonly state: string;
  readonly match: string;
  readonly reason: string | null;
  readonly userId: number | null;
  readonly values: Readonly<Record<string, string | null>>;
};

export type SourceRow = {
  readonly id: string;
  readonly state: string;
  readonly pausedBy: string | null;
  readonly pauseReason: string | null;
  readonly systemId: string | null;
  readonly newSystemId: string | null;
  readonly waitingFor: readonly string[];
};

type Hold = {
  readonly code: string;
  readonly message: string;
  readonly reason: string | null;
  readonly until: string | null;
  readonly changes: readonly { readonly field: string; readonly before: unknown; readonly after: unknown }[];
};

export type ExplanationRow = {
  readonly accounts: readonly {
    readonly source: string;
    readonly state: string;
    readonly pending: readonly { readonly field: string }[];
    readonly holds: readonly Hold[];
  }[];
};

export type WorklistRow = {
  readonly userId: number;
  readonly username: string | null;
  readonly active: boolean;
  readonly reasons: readonly string[];
  readonly evidence: readonly {
    readonly reason: string;
    readonly source: string;
    readonly externalId: string;
    readonly since: string | null;
    readonly proof: string | null;
    readonly runId: number | null;
    readonly changes: readonly { readonly field: string; readonly before: string; readonly after: string }[];
  }[];
};

/** Who held an external id, from when to when. */
export type OwnerRow = {
  readonly from: string;
  readonly to: string | null;
  readonly userId: number;
  readonly disputed: boolean;
  readonly names: readonly string[];
};

export type ReviewRow = {
  readonly id: number;
  readonly kind: string;
  readonly source: string | null;
  readonly externalId: string | null;
  readonly userIds: readonly number[];
  readonly options: readonly string[];
};

/** A copy without some of its keys. */
export function without<Row extends object, Key extends keyof Row>(row: Row, ...keys: Key[]): Omit<Row, Key> {
  const kept = Object.entries(row).filter(([key]) => !(keys as PropertyKey[]).includes(key));
  return Object.fromEntries(kept) as Omit<Row, Key>;
}
