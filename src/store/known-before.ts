import type { KnownBefore, NamesSeen } from '../reconcile/decide.ts';

/** What the store knows of a linked account from before (spec 8.3). */
export interface BeforeRow {
  /** Null where nothing was applied of it. */
  readonly names_seen: (NamesSeen & { readonly readBy?: string | null }) | null;
  readonly name_mapping: string | null;
  readonly standing_reason: string | null;
}

export function knownBefore({ names_seen, name_mapping, standing_reason }: BeforeRow): KnownBefore | undefined {
  if (names_seen === null) return undefined;
  const { readBy = null, firstName, lastName, displayName, ...more } = names_seen;
  return {
    namesSeen: { firstName, lastName, displayName, ...more },
    seenBy: readBy,
    readBy: name_mapping,
    suspected: standing_reason === 'possible-id-reuse',
  };
}
