import type { PageRoutes } from '../../page-kit.ts';
import { heldRunRoutes } from './held.ts';
import { runListRoutes } from './list.ts';
import { runPageRoutes } from './show.ts';
import { syncRoutes } from './sync.ts';

/** Runs, the one that is held, and the syncs that start them. */
export const runRoutes: PageRoutes = (app, kit) => {
  runListRoutes(app, kit);
  runPageRoutes(app, kit);
  heldRunRoutes(app, kit);
  syncRoutes(app, kit);
};
