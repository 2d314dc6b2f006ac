import type { PageRoutes } from '../../page-kit.ts';
import { actRoutes } from './act.ts';
import { createUserRoutes } from './create.ts';
import { userListRoutes } from './list.ts';
import { purgeRoutes } from './purge.ts';
import { refreshRoutes } from './refresh.ts';
import { userPageRoutes } from './show.ts';
import { switchRoutes } from './switch.ts';

/** The list, one user, the switch in the row, and the acts with their previews. */
export const userRoutes: PageRoutes = (app, kit) => {
  userListRoutes(app, kit);
  createUserRoutes(app, kit);
  purgeRoutes(app, kit);
  userPageRoutes(app, kit);
  switchRoutes(app, kit);
  refreshRoutes(app, kit);
  actRoutes(app, kit);
};
