/** A promise that is awaited later than it is made: until then its failure counts as heard, and is not the process's end. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
