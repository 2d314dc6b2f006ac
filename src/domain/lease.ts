/** The right to write, as the database knows it: checked before every commit, so that a frozen worker writes nothing. */
export interface Lease {
  readonly name: string;
  readonly token: string;
}

/** The lease was taken over: this worker must stop writing. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  constructor(name: string) {
    super(`the lease '${name}' is held by somebody else now; this worker stops and leaves the work to its successor`);
  }
}
