import type { enSignIn } from './sign-in.en.ts';

/** Přihlášení, a proč někdo není vpuštěn. */
export const csSignIn: typeof enSignIn = {
  again: 'Co jste psali',
  againText: 'Když jste to poslali, vaše relace už skončila. Zatím se nic nestalo.',
  againOver: 'Tady už nic není: drželo se to hodinu.',
  sendAgain: 'Poslat znovu',
  keptText: 'Co jste psali, není ztraceno: přihlaste se a nabídneme vám to znovu.',
  title: 'Přihlásit se',
  name: 'Jméno',
  password: 'Heslo',
  windowsName: 'Přihlašovací jméno Windows',
  windowsPassword: 'Heslo Windows',
  openId: (place) => `Přihlásit se přes ${place}`,
  withWindows: 'Přihlásit se účtem Windows',
  withPassword: 'Přihlásit se heslem pro rosterd',
  done: 'Jste přihlášeni',
  goOn: 'Pokračovat',
  refusals: {
    'sign-in-refused': {
      title: 'Jméno nebo heslo nesouhlasí, nebo je přihlášení zablokované.',
      next: 'Po deseti neúspěšných pokusech ho musí odemknout správce.',
    },
    'sign-in-unavailable': {
      title: 'Active Directory se teď nelze zeptat.',
      next: 'Zkuste to později, nebo se přihlaste heslem pro rosterd.',
    },
    'way-not-offered': {
      title: 'Účty Windows se tu nepřijímají.',
      next: 'Přihlaste se heslem pro rosterd.',
    },
    'windows-locked': {
      title: 'Váš účet Windows je po mnoha chybných heslech uzamčený.',
      next: 'Počkejte, nebo si ho nechte v Active Directory odemknout.',
    },
    'windows-disabled': {
      title: 'Váš účet Windows je vypnutý.',
      next: 'Obraťte se na toho, kdo spravuje Active Directory.',
    },
    'windows-expired': {
      title: 'Platnost vašeho účtu Windows skončila.',
      next: 'Požádejte o prodloužení toho, kdo spravuje Active Directory.',
    },
    'windows-password-expired': {
      title: 'Platnost vašeho hesla Windows skončila.',
      next: 'Změňte ho na počítači s Windows a pak se přihlaste tady.',
    },
    'windows-password-must-change': {
      title: 'Své heslo Windows musíte nejdřív změnit.',
      next: 'Udělejte to na počítači s Windows a pak se přihlaste tady.',
    },
    'windows-not-now': {
      title: 'Váš účet Windows se v tuto hodinu nebo z tohoto serveru přihlásit nesmí.',
      next: 'Obraťte se na toho, kdo spravuje Active Directory.',
    },
    'openid-attempt': {
      title: 'Toto přihlášení už neplatí.',
      next: 'Trvalo příliš dlouho, už bylo použito, nebo začalo v jiném prohlížeči. Začněte znovu.',
    },
    'openid-refused': {
      title: 'Poskytovatel vás nepřihlásil.',
      next: 'Začněte znovu, nebo se obraťte na toho, kdo ho spravuje.',
    },
    'openid-answer': {
      title: 'Co poskytovatel poslal, nedokazuje, kdo jste.',
      next: 'Začněte znovu; pokud to trvá, řekněte to správci: důvod stojí v logu rosterd.',
    },
    'openid-unavailable': {
      title: 'Poskytovatele se teď nelze zeptat.',
      next: 'Zkuste to později, nebo se přihlaste jinak. Správce najde důvod v logu rosterd.',
    },
    'openid-operator-unknown': {
      title: 'Zatím nejste operátor.',
      next: 'Vlastník vás pozve pod tímto jménem: rosterd operator invite',
    },
    'openid-operator-out': {
      title: 'Známe vás, ale jste vypnutý nebo zablokovaný účet.',
      next: 'Správce vás zase pustí: rosterd operator enable, nebo unlock',
    },
    'openid-other-person': {
      title: 'Pod tímto jménem už přišel někdo jiný.',
      next: 'Pokud jste jméno dostali až potom, vlastník vás pustí: rosterd operator enable',
    },
  },
  noPassword:
    'Zatím bez hesla, nebo jste ho zapomněli? Odkaz vám vytvoří vlastník, nebo na serveru: rosterd operator link',
};
