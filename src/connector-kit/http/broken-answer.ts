import { SourceError } from '../errors.ts';

/** An answer that did not arrive whole; asking again may bring it. */
export class BrokenAnswer extends SourceError {
  // Private, so that no log and no serialiser takes it for a part of the error.
  readonly #received: readonly Buffer[];

  constructor(code: 'timeout' | 'unreachable' | 'protocol', message: string, received: readonly Buffer[]) {
    super('retryable', code, message);
    this.#received = received;
  }

  /** What of the body had arrived, unpacked. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }
}
