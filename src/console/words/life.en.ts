/** Making a user by hand, and purging one. */
export const enLife = {
  life: {
    create: 'New user by hand',
    createText: 'For people whom no source has. They start inactive, and an account that fits is linked to them later.',
    needed: 'Needed: username, language, and an e-mail address or a mobile number (00 and the country code).',
    defaultTeam: 'the default team',
    button: 'Make the user',
    created: (name: string): string => `${name} is made, and inactive: activate them when they begin.`,
    refused: 'Nobody was made',
    purge: 'Purge',
    purgeTitle: (name: string): string => `Purge ${name}`,
    purgeText:
      'Every value of this person is blanked, in the history too; kind, time and ids of the entries stay. This cannot be undone.',
    purgeWill: (events: string, accounts: string): string =>
      `Entries of the history that are blanked: ${events}. Copies of accounts that are blanked: ${accounts}.`,
    purgeWord: (name: string): string => `Type “${name}” to confirm`,
    purgeWrong: 'Nothing was done: what was typed is not their name.',
    purgeButton: 'Purge for good',
    purged: (id: number): string => `User ${String(id)} is purged.`,
    everything: 'everything',
    scopeWhat: 'What they may see',
    scopeChange: 'What to do',
    scopeChanges: { add: 'add it', remove: 'take it away' },
    scopeKinds: { group: 'group', team: 'team' },
    scope: 'Sees',
  },
};
