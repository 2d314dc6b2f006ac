import type { enLife } from './life.en.ts';

/** Uživatel založený ručně a smazání. */
export const csLife: typeof enLife = {
  life: {
    create: 'Nový uživatel ručně',
    createText: 'Pro lidi, které žádný zdroj nemá. Začínají neaktivní; odpovídající účet se s nimi propojí později.',
    needed: 'Je třeba: uživatelské jméno, jazyk a e-mail nebo mobil (00 a předvolba země).',
    defaultTeam: 'výchozí tým',
    button: 'Založit uživatele',
    created: (name) => `${name} je založen(a) a neaktivní: aktivujte, až začne.`,
    refused: 'Nikdo nebyl založen',
    purge: 'Smazat údaje',
    purgeTitle: (name) => `Smazat údaje: ${name}`,
    purgeText: 'Smaže se každá hodnota tohoto člověka, i v historii; druh, čas a id zápisů zůstanou. Nejde to vrátit.',
    purgeWill: (events, accounts) => `Vyprázdněné zápisy historie: ${events}. Vyprázdněné kopie účtů: ${accounts}.`,
    purgeWord: (name) => `Pro potvrzení napište „${name}“`,
    purgeWrong: 'Nic se nestalo: napsané není jeho jméno.',
    purgeButton: 'Smazat natrvalo',
    purged: (id) => `Údaje uživatele ${String(id)} jsou smazány.`,
    everything: 'všechno',
    scopeWhat: 'Co smí vidět',
    scopeChange: 'Co s tím',
    scopeChanges: { add: 'přidat', remove: 'odebrat' },
    scopeKinds: { group: 'skupina', team: 'tým' },
    scope: 'Vidí',
  },
};
