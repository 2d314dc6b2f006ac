import type { ReviewItemDetail } from '../../../api/schemas/review-items.ts';

interface Needed {
  readonly kind: 'user' | 'username' | 'value' | 'role' | 'team' | 'account' | 'source';
  /** To choose from; null where it is typed. */
  readonly options: readonly string[] | null;
}

/** What an answer needs beside itself (spec 4.10); null: nothing. */
export function valueFor(answer: string, item: ReviewItemDetail, roles: readonly string[]): Needed | null {
  switch (answer) {
    case 'this-user':
      return { kind: 'user', options: item.userIds.map(String) };
    case 'new-person':
      return { kind: 'username', options: null };
    case 'another-value':
      return { kind: 'value', options: null };
    case 'map-to':
      return item.kind === 'unknown-role' ? { kind: 'role', options: roles } : { kind: 'team', options: null };
    case 'create':
      return { kind: 'team', options: null };
    case 'new-user':
    case 'separate-user':
    case 'ignore':
      return item.accounts.length > 1
        ? { kind: 'account', options: item.accounts.map(({ externalId }) => externalId) }
        : null;
    default:
      return null;
  }
}
