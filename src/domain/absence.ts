/** How the absence of an account was proven, as people read it and the store keeps it (spec 3.1). */
export const absenceProof = {
  deleted: 'deleted, as the source itself reports',
  outOfScope: 'it exists, but no longer where this source reads, as the source itself reports',
  notShown: 'absent from a complete import',
  notListed: 'absent from a complete list of the accounts that this source reads',
} as const;

/** The proofs that rest on what was not shown; every other one is the source's own word about this one account. */
export const silentProofs: readonly string[] = [absenceProof.notShown, absenceProof.notListed];
