import type { ApiInstance } from './instance.ts';
import { ApiError } from './problem.ts';

/**
 * Refuses text that no database can store, wherever it stands in a request: NUL, and half of a surrogate pair. One place
 * for all routes, before their own schemas, so that none can forget it.
 */
export function refuseUnusableText(app: ApiInstance): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const at =
      placeOf(request.params, 'params') ?? placeOf(request.query, 'querystring') ?? placeOf(request.body, 'body');
    if (at === null) done();
    else
      done(
        new ApiError(
          400,
          'request-invalid',
          `${at}: holds a character that cannot be stored (NUL, or half of a surrogate pair)`,
        ),
      );
  });
}

/** JSON of a body of some kilobytes is no deeper than this for any route. */
const maximumDepth = 32;

/** Where the first such text stands, keys included; null where there is none. */
function placeOf(value: unknown, path: string, depth = 0): string | null {
  if (typeof value === 'string') return isUsable(value) ? null : path;
  if (typeof value !== 'object' || value === null) return null;
  if (depth > maximumDepth) return path;
  for (const [key, each] of Object.entries(value)) {
    if (!isUsable(key)) return path;
    const found = placeOf(each, `${path}.${key}`, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

function isUsable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
