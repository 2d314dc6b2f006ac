import type { PartialGuard } from './schema.ts';
import { guardClasses } from '../domain/change.ts';
import type { GuardClass, GuardLimit } from '../domain/change.ts';
import type { GuardSettings } from './settings.ts';

const usual: GuardLimit = { number: 20, percent: 20 };
/** What takes something away is watched more closely (spec 13.1). */
const taking: GuardLimit = { number: 10, percent: 10 };

/** Spec 13.1 and 13.3. */
export const defaultGuard: GuardSettings = {
  firstImport: 'hold',
  created: usual,
  linked: usual,
  fieldChanged: usual,
  fieldBlanked: taking,
  teamMoved: usual,
  roleTaken: taking,
  gone: taking,
};

/** The general limits with those of `own` in their place, number and per cent each by itself. */
export function withLimits(general: GuardSettings, own: PartialGuard): GuardSettings {
  const limits = guardClasses.map((name) => [name, withLimit(general[name], own[name])] as const);
  return {
    ...(Object.fromEntries(limits) as Record<GuardClass, GuardLimit>),
    firstImport: own.firstImport ?? general.firstImport,
  };
}

function withLimit(general: GuardLimit, own: PartialGuard[GuardClass]): GuardLimit {
  return { number: own?.number ?? general.number, percent: own?.percent ?? general.percent };
}
