import { expect, it } from 'vitest';
import type { Change } from '../../../src/domain/change.ts';
import { refusedParts } from '../../../src/reconcile/refused-parts.ts';

it.each<[Change['field'][], string[]]>([
  [['firstName'], ['firstName']],
  [
    ['roles', 'supervises'],
    ['roles', 'supervises'],
  ],
  // A source says nothing of main teams: they follow from its teams.
  [['mainTeam'], ['teams']],
  [['teams', 'mainTeam'], ['teams']],
  // What is refused of supervision ends nobody's word (11.4).
  [['supervises', 'supervisesGiven', 'supervisesTaken'], ['supervises']],
])('13.2 what is refused of changes of %j: %j', (fields, parts) => {
  expect(refusedParts(fields.map((field) => ({ field })))).toEqual(parts);
});
