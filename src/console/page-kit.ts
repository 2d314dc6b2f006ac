import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiDependencies } from '../api/dependencies.ts';
import type { ApiInstance } from '../api/instance.ts';
import type { Permission } from '../domain/permissions.ts';
import type { Assets } from './assets.ts';
import type { Html, Part } from './html.ts';
import type { KeptForms } from './kept-forms.ts';
import { layout, type Place } from './layout.ts';
import { isPartial, sendHtml } from './reply.ts';
import { visitOf, type Visit } from './visit.ts';

/** What the routes of every page stand on. */
export interface PageKit extends ApiDependencies {
  readonly assets: Assets;
  readonly keptForms: KeptForms;
  /** In which times are shown. */
  readonly zone: string;
  /** Of the configuration, to choose from. */
  readonly sourceIds: readonly string[];
}

/** Registers the pages of one noun. */
export type PageRoutes = (app: ApiInstance, kit: PageKit) => void;

/** What a route of a page says of itself; who may is decided by the API's admission, which reads it. */
export function forPage(access: Permission | 'anybody' | 'signed-in') {
  return { config: { access, page: true } } as const;
}

interface Shown {
  readonly title: string;
  readonly place: Place | null;
  readonly body: Part;
  readonly again?: number | undefined;
  readonly goOn?: string | undefined;
  readonly live?: boolean | undefined;
  readonly status?: number;
}

/** Sends a whole page. */
export function show(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  make: (visit: Visit) => Shown,
): FastifyReply {
  const visit = visitOf(request, kit.zone);
  const { status = 200, ...page } = make(visit);
  return sendHtml(request, reply.code(status), layout(kit.assets, visit, page));
}

/** The same for a page with a part that changes: htmx gets the part, everybody else the page around it. */
export function showPart(
  kit: PageKit,
  request: FastifyRequest,
  reply: FastifyReply,
  part: (visit: Visit) => Html,
  around: (visit: Visit, part: Html) => Shown,
): FastifyReply {
  if (isPartial(request)) return sendHtml(request, reply, part(visitOf(request, kit.zone)));
  return show(kit, request, reply, (visit) => around(visit, part(visit)));
}
