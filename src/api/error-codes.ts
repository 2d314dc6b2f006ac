import type { AccessRefusalCode } from '../access/errors.ts';
import type { SourceErrorCode } from '../connector-kit/errors.ts';
import type { ActionRefusalCode } from '../users/errors.ts';

/** What a source or a run ends with. */
export type RunErrorCode =
  SourceErrorCode | 'incomplete-read' | 'held' | 'discarded' | 'superseded' | 'cancelled' | 'storage' | 'internal';

/** What a request is refused with that is no act on the data. */
export type RequestErrorCode =
  | 'request-invalid'
  | 'cursor-invalid'
  | 'path-unknown'
  | 'token-required'
  | 'permission-missing'
  | 'csrf'
  | 'host-name-unknown'
  | 'local-only'
  | 'too-many-requests'
  | 'too-many-exports'
  | 'too-many-streams'
  | 'too-large'
  | 'media-type-unsupported'
  | 'too-slow'
  | 'not-possible-here'
  | 'bulk-unknown'
  | 'sync-unknown'
  | 'import-unknown'
  | 'mapping-unknown'
  | 'import-file-invalid'
  | 'user-ambiguous'
  | 'no-linked-account'
  | 'dry-run-under-way'
  | 'invalid-configuration'
  | 'configuration-being-set-up'
  | 'configuration-superseded'
  | 'data-directory-held';

/** Every code that an answer, a run or a check may carry; the console's catalogue says of each what it means and what to do. */
export type ErrorCode = RunErrorCode | RequestErrorCode | ActionRefusalCode | AccessRefusalCode;
