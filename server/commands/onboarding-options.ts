import { choiceOption, numberOption, type Option, switchOption } from '../host/options.ts';

/** Who may make an account without an administrator doing it. */
export type RegistrationRule = 'closed' | 'invited' | 'open';
/** What people may let others in to. */
export type PeopleInvite = 'nobody' | 'contacts' | 'accounts';

const GROUP = 'Joining and leaving';

/** By invitation: an office decides who is in it, and an invitation is somebody's decision; without one nothing opens. */
export const registrationRule: Option<RegistrationRule> = choiceOption({
  key: 'registration.rule',
  scope: 'domain',
  group: GROUP,
  title: 'Who may make an account',
  help: 'Invitations let people choose their own password. Do not open a server to everybody that can be reached from the internet.',
  choices: {
    closed: 'Only administrators make accounts',
    invited: 'Whoever was invited',
    open: 'Everybody who reaches this server',
  },
  needsProof: (_from, to) => to === 'open',
  default: 'invited',
});

export const peopleInvite: Option<PeopleInvite> = choiceOption({
  key: 'invitations.people',
  scope: 'domain',
  group: GROUP,
  title: 'What people may invite to',
  help: 'From their chat app. Administrators can always invite.',
  choices: {
    nobody: 'Nothing: only administrators invite',
    contacts: 'Their contact list: for those who have an account',
    accounts: 'Their contact list and an account here',
  },
  default: 'contacts',
});

/** Off: what belongs to an office is not for one person to delete, and a lost phone must not be able to. */
export const mayRemoveOwn: Option<boolean> = switchOption({
  key: 'registration.removal',
  scope: 'domain',
  group: GROUP,
  title: 'People may delete their own account',
  help: 'From their chat app, with all contacts and messages, for good.',
  default: false,
});

/** A week: what was deleted by a slip is missed within some working days. */
export const graceDays: Option<number> = numberOption({
  key: 'accounts.grace',
  scope: 'house',
  group: GROUP,
  title: 'People who are deleted can be brought back for',
  help: 'They cannot log in from the moment they are deleted, but contacts, messages and files are kept for so long. 0 deletes at once.',
  needsProof: (from, to) => to < from,
  least: 0,
  most: 365,
  unit: 'days',
  default: 7,
});

export const onboardingOptions: readonly Option[] = [registrationRule, peopleInvite, mayRemoveOwn, graceDays];
