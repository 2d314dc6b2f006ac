import type { ApiInstance } from './instance.ts';
import type { ProblemPages } from './problem.ts';

/** Pages for people, served beside the API on the same port and behind the same admission (`authentication.ts`). */
export interface Pages extends ProblemPages {
  /** Registers them; each route says what it needs, and that it is a page. */
  routes(app: ApiInstance): Promise<void>;
}
