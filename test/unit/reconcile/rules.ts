import type { SourceRules } from '../../../src/reconcile/rules.ts';

/** How accounts of the ACD are decided on where a test says nothing else. */
export const acdRules: SourceRules = {
  id: 'acd',
  as: 'acd',
  match: [['employeeId'], ['email']],
  trustedRules: [],
  placeholders: [],
  createsUsers: true,
  fromDisabled: 'wait',
  newUsersActive: true,
  roles: [],
  catalogue: ['agent', 'supervisor', 'analyst'],
  teams: 'mirror',
  ownsSupervision: false,
  blanks: [],
  ignore: [],
  reusableIds: null,
};

export const adRules: SourceRules = { ...acdRules, id: 'ad', as: 'directory', createsUsers: false };
