/** Signing in, and why somebody is not let in. */
export const enSignIn = {
  again: 'What you had typed',
  againText: 'Your session had ended when you sent this. Nothing was done yet.',
  againOver: 'Nothing is kept here any more: it was kept for an hour.',
  sendAgain: 'Send it again',
  keptText: 'What you typed is not lost: sign in, and it is offered to you again.',
  title: 'Sign in',
  name: 'Name',
  password: 'Password',
  windowsName: 'Windows login',
  windowsPassword: 'Windows password',
  openId: (place: string): string => `Sign in through ${place}`,
  withWindows: 'Sign in with your Windows account',
  withPassword: 'Sign in with a password of rosterd',
  done: 'You are signed in',
  goOn: 'Go on',
  refusals: {
    'sign-in-refused': {
      title: 'Name or password is wrong, or the log-in is blocked.',
      next: 'After ten failed attempts an admin has to unlock it.',
    },
    'sign-in-unavailable': {
      title: 'The Active Directory cannot be asked right now.',
      next: 'Try again later, or sign in with a password of rosterd.',
    },
    'way-not-offered': {
      title: 'Windows accounts are not taken here.',
      next: 'Sign in with a password of rosterd.',
    },
    'windows-locked': {
      title: 'Your Windows account is locked after too many wrong passwords.',
      next: 'Wait, or have it unlocked in Active Directory.',
    },
    'windows-disabled': {
      title: 'Your Windows account is disabled.',
      next: 'Ask whoever runs Active Directory.',
    },
    'windows-expired': {
      title: 'Your Windows account has expired.',
      next: 'Ask whoever runs Active Directory to extend it.',
    },
    'windows-password-expired': {
      title: 'Your Windows password has expired.',
      next: 'Change it at a Windows computer, then sign in here.',
    },
    'windows-password-must-change': {
      title: 'Your Windows password has to be changed first.',
      next: 'Do it at a Windows computer, then sign in here.',
    },
    'windows-not-now': {
      title: 'Your Windows account may not log on at this hour, or not from this server.',
      next: 'Ask whoever runs Active Directory.',
    },
    'openid-attempt': {
      title: 'This sign-in is over.',
      next: 'It took too long, was answered already, or began in another browser. Begin anew.',
    },
    'openid-refused': {
      title: 'The provider did not sign you in.',
      next: 'Begin anew, or ask whoever runs it.',
    },
    'openid-answer': {
      title: 'What the provider sent does not prove who you are.',
      next: 'Begin anew; if it stays so, tell an admin: the reason stands in the log of rosterd.',
    },
    'openid-unavailable': {
      title: 'The provider cannot be asked right now.',
      next: 'Try again later, or sign in another way. An admin finds the reason in the log of rosterd.',
    },
    'openid-operator-unknown': {
      title: 'You have not been made an operator yet.',
      next: 'An owner invites you under this name: rosterd operator invite',
    },
    'openid-operator-out': {
      title: 'You are known here, but disabled or blocked.',
      next: 'An admin lets you in again: rosterd operator enable, or unlock',
    },
    'openid-other-person': {
      title: 'Somebody else has come under this name before.',
      next: 'If the name was given to you since, an owner lets you in: rosterd operator enable',
    },
  },
  noPassword: 'No password yet, or forgotten? An owner makes you a link, or on the server: rosterd operator link',
};
