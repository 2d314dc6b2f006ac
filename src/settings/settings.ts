import type { ZodType } from 'zod';
import type { SecretRef } from '../connector-kit/secret.ts';
import type { GuardClass, GuardLimit } from '../domain/change.ts';
import type { AccountPart, Field } from '../domain/fields.ts';
import type { RoleCatalogue } from '../domain/privileges.ts';
import type { NotifySettings } from './notify.ts';
import type { SignInSettings } from './sign-in.ts';

/** What settings must know of a kind of source; the composition root takes it from the connector. */
export interface ConnectorDefinition {
  /** The keys of a source of this kind beside the common ones; strict. */
  readonly configSchema: ZodType;
  readonly as: SourceRole;
  readonly defaultMatch: readonly (readonly Field[])[];
  readonly reusableIds: boolean;
  /** Whom its users supervise is the source's to say (spec 11.4). */
  readonly ownsSupervision: boolean;
  /** Changes can be read by themselves. */
  readonly delta: boolean;
}

/** How a source counts in rankings, and whether it makes users by default (spec 4.5, 5.1). */
export type SourceRole = 'acd' | 'directory';

/** Everything that the process is told from outside: validated, complete with defaults, deeply frozen. */
export interface Settings {
  /** Absolute. */
  readonly configFile: string;
  readonly database: DatabaseSettings;
  readonly queue: QueueSettings;
  /** Absolute. */
  readonly dataDir: string;
  readonly http: HttpSettings;
  readonly organization: OrganizationSettings;
  readonly newUsers: NewUserSettings;
  /** Complete: every field and every attribute that the configuration or a mapping names. */
  readonly authority: Readonly<Record<string, FieldAuthority>>;
  readonly roles: RoleSettings;
  /** The limits of sources that say nothing of their own. */
  readonly guard: GuardSettings;
  /** Who is told of what (spec 14.6). */
  readonly notify: readonly NotifySettings[];
  /** How people sign in beside the password (spec 19.2). */
  readonly signIn: SignInSettings;
  readonly retention: RetentionSettings;
  readonly log: { readonly level: LogLevel };
  /** Words that identify nobody (spec 4.11). */
  readonly placeholders: readonly string[];
  /** In the order of the configuration, disabled ones included. */
  readonly sources: readonly SourceSettings[];
  /** Key path → `FILE:LINE` or `environment variable NAME`; what is not here is a default. */
  readonly origins: Readonly<Record<string, string>>;
}

interface ServerAddress {
  readonly url: SecretRef;
  /** The address where it holds no password, else the masked origin. */
  readonly shown: string;
  /** PEM file with the only CAs that are trusted, absolute. */
  readonly caFile?: string;
  /** Said in so many words: what goes there may be read by others. */
  readonly allowPlaintext: boolean;
}

export type DatabaseSettings = { readonly kind: 'embedded' } | ({ readonly kind: 'postgres' } & ServerAddress);

export type QueueSettings = { readonly kind: 'database' } | ({ readonly kind: 'redis' } & ServerAddress);

interface HttpSettings {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Names and addresses under which requests are answered, without port. */
  readonly hostNames: readonly string[];
  /** Said in so many words: the API is served in clear beyond this machine. */
  readonly allowPlaintext: boolean;
  /** Addresses and networks whose word on who asks is taken (X-Forwarded-For). */
  readonly trustedProxies: readonly string[];
}

interface OrganizationSettings {
  /** IANA name. */
  readonly timeZone: string;
  readonly locale: string;
  readonly defaultTeam: string;
  readonly defaultGroup: string;
}

/** Spec 4.6: whether users made by the sync start active, and what a disabled account without a user does. */
interface NewUserSettings {
  readonly active: boolean;
  readonly fromDisabled: 'wait' | 'inactive';
}

/** Spec 5.1, 5.2. */
export interface FieldAuthority {
  /** All sources that may supply the field, the strongest first. */
  readonly rank: readonly string[];
  /** Sources whose empty value counts as a statement. */
  readonly blanks: readonly string[];
}

/** Spec 10. */
interface RoleSettings {
  readonly reassert: boolean;
  /** Role → its privileges; always has `agent` and `supervisor`. */
  readonly catalogue: RoleCatalogue;
}

/** The limits of the guard per class (spec 13.1), and what becomes of a source's first import (13.3). */
export type GuardSettings = Readonly<Record<GuardClass, GuardLimit>> & { readonly firstImport: 'hold' | 'apply' };

/** In days; what is not set is kept for good. */
interface RetentionSettings {
  /** Days after a deactivation before which nobody is purged (spec 9.6). */
  readonly users: number;
  readonly events?: number;
  readonly runs?: number;
  readonly rejects?: number;
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
type LogLevel = (typeof logLevels)[number];

/** One configured external system. */
export interface SourceSettings {
  readonly id: string;
  readonly kind: string;
  readonly as: SourceRole;
  readonly enabled: boolean;
  readonly createsUsers: boolean;
  readonly schedule: ScheduleSettings;
  readonly match: readonly (readonly Field[])[];
  /** The names of the rules whose match links although it is contradicted (spec 4.12). */
  readonly trustedRules: readonly string[];
  /** Accounts that belong to nobody: service, test, IVR (spec 2.7). */
  readonly ignore: readonly IgnoreRule[];
  /** Changes single fields of the connector's default: attribute or column by field. */
  readonly mapping: Readonly<Partial<Record<Field | AccountPart, string>>>;
  /** External ids are given to other people after a deletion: by the kind's nature or by `idsLike: avaya` (spec 8). */
  readonly reusableIds: boolean;
  /** By its kind, unless `supervision: merge` (spec 11.4). */
  readonly ownsSupervision: boolean;
  readonly idsLike?: 'avaya';
  /** The table of equivalents (spec 10.2). */
  readonly roles: readonly RoleRule[];
  readonly teams: 'mirror' | 'add-only';
  readonly supervision: 'mirror' | 'merge';
  /** The general guard with the source's own limits in it. */
  readonly guard: GuardSettings;
  /** What the connector's own schema made of the remaining keys. */
  readonly config: unknown;
}

export interface ScheduleSettings {
  /** Cron expression; every source is read in full regularly (spec 3.5). */
  readonly full: string;
  readonly delta?: string;
  readonly timeZone: string;
}

interface IgnoreRule {
  readonly field: Field | 'externalId';
  /** The whole value, whatever the case; `*` stands for any text. */
  readonly matches: string;
}

interface RoleRule {
  readonly when: { readonly supervisor: true } | { readonly group: string } | { readonly profile: string };
  readonly role: string;
}
