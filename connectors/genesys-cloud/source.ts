import type { Api } from './api.ts';
import type { Config } from './config.ts';
import type { Plan } from './plan.ts';

/** Everything that is needed to read one organisation. */
export interface Source {
  readonly api: Api;
  readonly plan: Plan;
  readonly settings: Config;
}
