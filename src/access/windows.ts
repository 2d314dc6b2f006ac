import { fold } from '../domain/text.ts';
import type { AccessRefusalCode } from './errors.ts';

/** What a directory says of a log-in; all but `right`, `wrong` and `locked` only to who knows the password. */
export type WindowsOutcome =
  'right' | 'wrong' | 'locked' | 'disabled' | 'expired' | 'password-expired' | 'password-must-change' | 'not-now';

/** The Active Directory at which Windows accounts are tried (spec 19.2). */
export interface WindowsAccounts {
  /** NetBIOS name of its domain. */
  readonly domain: string;
  /** Logs in as the person, and keeps nothing of it. Throws where the directory cannot be asked. */
  readonly tryLogIn: (login: string, password: string) => Promise<WindowsOutcome>;
}

/**
 * Whom a typed name means: the login as the directory takes it, and the name that the operator was made with. `eva` and
 * `CORP\eva` are the operator `eva`, `eva@corp.example` is the operator of that name; an `eva` of another domain is nobody.
 */
export function windowsName(
  typed: string,
  domain: string,
): { readonly login: string; readonly operator: string } | null {
  const [before = '', after, ...others] = typed.trim().split('\\');
  if (after === undefined) return { login: before.includes('@') ? before : `${domain}\\${before}`, operator: before };
  if (others.length > 0 || after === '' || after.includes('@') || fold(before) !== fold(domain)) return null;
  return { login: `${domain}\\${after}`, operator: after };
}

/** What somebody whose account cannot be used is told. */
export const windowsRefusals: Readonly<
  Record<Exclude<WindowsOutcome, 'right' | 'wrong'>, { readonly code: AccessRefusalCode; readonly message: string }>
> = {
  locked: {
    code: 'windows-locked',
    message:
      'Your Windows account is locked after too many wrong passwords: wait, or have it unlocked in Active Directory.',
  },
  disabled: {
    code: 'windows-disabled',
    message: 'Your Windows account is disabled: ask whoever runs Active Directory.',
  },
  expired: {
    code: 'windows-expired',
    message: 'Your Windows account has expired: ask whoever runs Active Directory to extend it.',
  },
  'password-expired': {
    code: 'windows-password-expired',
    message: 'Your Windows password has expired: change it at a Windows computer, then sign in here.',
  },
  'password-must-change': {
    code: 'windows-password-must-change',
    message: 'Your Windows password has to be changed first: do it at a Windows computer, then sign in here.',
  },
  'not-now': {
    code: 'windows-not-now',
    message:
      'Your Windows account may not log on at this hour, or not from this server: ask whoever runs Active Directory.',
  },
};
