import { expect, it } from 'vitest';
import { absenceProof, silentProofs } from '../../../src/domain/absence.ts';

it.each([
  [absenceProof.deleted, false],
  [absenceProof.outOfScope, false],
  [absenceProof.notShown, true],
  [absenceProof.notListed, true],
])('3.1 %s: rests on what was not shown: %j', (proof, silent) => {
  expect(silentProofs.includes(proof)).toBe(silent);
});
