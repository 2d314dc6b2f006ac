import { expect, it } from 'vitest';
import { inTime } from '../../src/readiness.ts';

it('answers whether it is ready although the database never does, and asks it once for all who ask (issue 10, point 7)', async () => {
  let asked = 0;
  const answer = Promise.withResolvers<string | null>();
  const ready = inTime(() => {
    asked++;
    return answer.promise;
  });
  const late = 'the database does not answer in time';
  expect(await Promise.all([ready(), ready(), ready()])).toEqual([late, late, late]);
  expect(asked).toBe(1);
  answer.resolve(null);
  await expect.poll(ready).toBeNull();
  expect(await ready()).toBeNull();
  expect(asked).toBeGreaterThan(1);
});
