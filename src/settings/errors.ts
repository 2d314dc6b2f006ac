/** One thing that is wrong with the configuration. No part of it ever holds a secret. */
export interface ConfigurationProblem {
  /** The place, such as `sources[1].connection.url`; empty for the file as a whole. */
  readonly key: string;
  /** Where the value came from: `FILE:LINE`, `environment variable NAME`, `secret file PATH` or `default`. */
  readonly origin: string;
  /** What is there and what is allowed, as one sentence. */
  readonly message: string;
}

/** The configuration cannot be used; `problems` has everything that is wrong with it, not only the first. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'invalid-configuration';
  readonly configFile: string;
  readonly problems: readonly ConfigurationProblem[];

  constructor(configFile: string, problems: readonly ConfigurationProblem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super([`${configFile}: ${count} in the configuration`, ...problems.map((p) => `  ${formatProblem(p)}`)].join('\n'));
    this.configFile = configFile;
    this.problems = problems;
  }
}

/** One line for people: where it comes from, which key, what is wrong, what is allowed. */
export function formatProblem(problem: ConfigurationProblem): string {
  return problem.key === ''
    ? `${problem.origin}: ${problem.message}`
    : `${problem.origin}: ${problem.key} ${problem.message}`;
}
