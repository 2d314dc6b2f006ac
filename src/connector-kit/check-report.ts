import type { CheckStep } from './contract.ts';
import { SourceError } from './errors.ts';
import type { SourceErrorCode } from './errors.ts';

/** What a step found: it went well, or well enough with something to be done. */
export interface Finding {
  readonly detail: string;
  /** What to do; makes the step a warning. */
  readonly remedy?: string;
}

const remedies: Readonly<Record<SourceErrorCode, string>> = {
  'login-refused': 'correct connection.bindDn or connection.bindPassword, or unlock the account at the directory',
  'right-missing': "grant the right as the connector's README says",
  configuration: 'correct the key that the message names',
  protocol: 'make sure that connection.url names an LDAP server, and see its log',
  unreachable: 'check host, port and firewall',
  timeout: 'check host, port and firewall; raise connection.timeoutMs',
  tls: 'renew or correct the certificate of the server, or put its CA into connection.tls.caFile, as the message says',
  busy: 'try again later',
  'cursor-unusable': 'nothing: the next import reads in full',
  'source-identity-changed': 'confirm the change',
  'file-missing': 'put the file there',
  'one-account-unsupported': 'read the whole source',
};

/** The steps of `source check` in order. */
export class CheckReport {
  readonly steps: CheckStep[] = [];
  readonly #remedies: Readonly<Record<SourceErrorCode, string>>;
  #ended = false;

  /** `own` are remedies that differ from those of a directory. */
  constructor(own: Readonly<Partial<Record<SourceErrorCode, string>>> = {}) {
    this.#remedies = { ...remedies, ...own };
  }

  /** Does one step that the following depend on, and gives its value; undefined, and nothing more is tried, once one has failed. */
  async step<T>(name: string, work: () => Promise<T>, describe: (value: T) => Finding): Promise<T | undefined> {
    const value = await this.aside(name, work, describe);
    if (this.steps.at(-1)?.outcome === 'failed') this.#ended = true;
    return value;
  }

  /** Does one step that others do not depend on: the report goes on when it fails, and its value is undefined. */
  async aside<T>(name: string, work: () => Promise<T>, describe: (value: T) => Finding): Promise<T | undefined> {
    if (this.#ended) return undefined;
    try {
      const value = await work();
      const { detail, remedy } = describe(value);
      this.steps.push({
        name,
        outcome: remedy === undefined ? 'ok' : 'warning',
        detail,
        ...(remedy === undefined ? {} : { remedy }),
      });
      return value;
    } catch (error) {
      this.#fail(name, error);
      return undefined;
    }
  }

  /** The code of the step that ended the report; undefined while none has, or where it has none. */
  get failedWith(): SourceErrorCode | undefined {
    return this.#ended ? this.steps.at(-1)?.code : undefined;
  }

  /** An empty report with the same remedies. */
  another(): CheckReport {
    return new CheckReport(this.#remedies);
  }

  /** Takes the steps of another report over, with a word on where they were done; `dispensable` ones do not fail, they warn. */
  take(other: CheckReport, where: string, dispensable: boolean): void {
    for (const { code, ...step } of other.steps) {
      const detail = `${where}${step.detail}`;
      if (step.outcome === 'failed' && dispensable) this.steps.push({ ...step, detail, outcome: 'warning' });
      else this.steps.push({ ...step, detail, ...(code === undefined ? {} : { code }) });
    }
  }

  #fail(name: string, error: unknown): void {
    const detail = error instanceof Error ? error.message : 'unknown';
    const said =
      error instanceof SourceError
        ? { remedy: this.#remedies[error.code], code: error.code }
        : { remedy: 'see the log of rosterd' };
    this.steps.push({ name, outcome: 'failed', detail, ...said });
  }
}
