import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOperatorStore } from '../../../src/store/operator-store.ts';
import { operatorSight } from '../../../src/store/sight.ts';
import { databases, type OpenDatabase } from '../../support/api/databases.ts';

describe.each(databases)('who only reads, on %s', (_size, open) => {
  let database: OpenDatabase;
  beforeAll(async () => {
    database = await open();
  }, 120_000);
  afterAll(() => database.close());

  it('14.4 leaves no operator behind; with one, the same person sees everything', async () => {
    const { knex } = database;
    const reader = await createOperatorStore(knex, 'read').ensureLocalOperator('local:reader');
    expect(reader).toMatchObject({ name: 'local:reader', kind: 'local', disabled: false });
    expect(await knex('operator').where({ name: 'local:reader' })).toEqual([]);
    const writer = await createOperatorStore(knex).ensureLocalOperator('local:reader');
    expect(writer.id).toBeGreaterThan(0);
    expect(await operatorSight(knex, 'local:reader')).toBeNull();
  });
});
