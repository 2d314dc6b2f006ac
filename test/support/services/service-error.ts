/** Why a server for the tests is not there. */
export type ServiceErrorCode =
  | 'service-missing'
  | 'service-install-failed'
  | 'service-start-failed'
  | 'service-stop-failed'
  | 'service-command-failed'
  | 'service-port-taken'
  | 'service-lock-failed';

/** A server for the tests could not be installed, started or stopped; the message says what to do. */
export class ServiceError extends Error {
  readonly code: ServiceErrorCode;

  constructor(code: ServiceErrorCode, message: string) {
    super(message);
    this.name = 'ServiceError';
    this.code = code;
  }
}
