import type { Kit } from '../../src/connector-kit/contract.ts';
import type { SourceErrorClass, SourceErrorCode } from '../../src/connector-kit/errors.ts';
import type { AccountPart, Field } from '../../src/domain/fields.ts';

/** A source in a certain state, and how to reach it. It is gone after the test. */
export interface Prepared {
  /** As an operator would write it; parsed by the connector's own schema. */
  readonly config: object;
  readonly kit?: Partial<Kit>;
}

/** A clause that has no meaning for a kind of source; the reason stands in the table. */
export interface NotApplicable {
  readonly notApplicable: string;
}

export type Scenario<T> = (() => Promise<T>) | NotApplicable;

/** Names the state where a clause has several, for example where the answer was cut. */
export interface Variant {
  readonly name: string;
  readonly prepare: () => Promise<Prepared>;
}

/** An error that a clause expects of `open` or of a read. */
export interface ExpectedError extends Prepared {
  readonly class: SourceErrorClass;
  readonly code: SourceErrorCode;
  readonly retryAfterMs?: number;
}

/** What one kind of source must be able to be, for the suite to hold it to the contract (architecture 5). */
export interface Harness {
  /** `count` usable people, of whom the ids differ; at least 2,500 must be possible. */
  readonly people: (count: number) => Promise<Prepared>;
  /** 10 people whose list ends before its end. */
  readonly truncated: readonly Variant[] | NotApplicable;
  /** 10 people, one of whom comes twice. */
  readonly repeated: Scenario<Prepared>;
  /** The same 10 people as `people(10)`, in another order. */
  readonly reordered: Scenario<Prepared>;
  /** Present where nobody can be asked for alone. */
  readonly alone?: NotApplicable;
  readonly empty: readonly Variant[] | NotApplicable;
  /** 3 people, the second of whom has an id and a value that cannot be used; `position` is where it must be said to be. */
  readonly badRecord: Scenario<Prepared & { readonly position: RegExp }>;
  /** 3 people; what is named was not part of what the source gave. */
  readonly notRead: Scenario<Prepared & { readonly fields: readonly Field[]; readonly parts: readonly AccountPart[] }>;
  /** Some people; `change` changes some of them, adds one and takes one away. Present where the connector has a delta. */
  readonly delta?: () => Promise<Prepared & { readonly change: () => Promise<void> }>;
  readonly loginRefused: Scenario<ExpectedError>;
  readonly notThere: Scenario<ExpectedError>;
  readonly busy: Scenario<ExpectedError>;
  /** Each state has `secrets` somewhere, in the configuration or in what the source gives without being asked for it. */
  readonly withSecrets: { readonly secrets: readonly string[]; readonly states: readonly Variant[] } | NotApplicable;
  /** Input made to hurt; every one must come to an end within the test's time. */
  readonly hostile: readonly Variant[] | NotApplicable;
  /** Stops what the harness has started. */
  readonly stop?: () => Promise<void>;
}
