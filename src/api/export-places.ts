import type { FastifyReply } from 'fastify';
import { ApiError } from './problem.ts';

/** Each export under way holds a page of entries, and a place in the database's queue. */
const [placesInAll, placesEach] = [8, 2];

/** The places for exports of one server. */
export interface ExportPlaces {
  /** Takes one until the answer has ended. @throws ApiError where none is free */
  take(operator: string, reply: FastifyReply): void;
}

/** None taken yet. */
export function createExportPlaces(): ExportPlaces {
  const taken = new Map<string, number>();
  let all = 0;
  const count = (operator: string, by: number): void => {
    all += by;
    const left = (taken.get(operator) ?? 0) + by;
    if (left === 0) taken.delete(operator);
    else taken.set(operator, left);
  };
  return {
    take(operator, reply) {
      if ((taken.get(operator) ?? 0) >= placesEach || all >= placesInAll) {
        reply.header('retry-after', 30);
        throw new ApiError(
          429,
          'too-many-exports',
          `At most ${String(placesEach)} exports of one operator, and ${String(placesInAll)} in all, at a time; read one to its end, then ask again.`,
        );
      }
      count(operator, 1);
      reply.raw.once('close', () => {
        count(operator, -1);
      });
    },
  };
}
