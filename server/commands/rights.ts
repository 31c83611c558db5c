/**
 * What an administrator may be allowed to do. `people`: see who there is, with their devices and sessions. `look`: read what the
 * other pages show. `help`: what the help desk does for one person (reset a password, disable, enable). `admin`: change how the
 * house is. `audit`: read what people have said to each other. `owner`: decide who the administrators are, and carry the house away.
 */
export type Right = 'people' | 'look' | 'help' | 'admin' | 'audit' | 'owner';

/**
 * The one place that says which role may do what. Whoever runs the house (`admin`) does not read what people say to each other:
 * running it does not need that, and an office that lets somebody read along names an auditor, who in turn can change nothing. An
 * owner has all rights, as the first administrator of a small office is often the only one.
 */
export const ROLES = {
  owner: ['people', 'look', 'help', 'admin', 'audit', 'owner'],
  admin: ['people', 'look', 'help', 'admin'],
  'help-desk': ['people', 'help'],
  auditor: ['people', 'look', 'audit'],
} as const satisfies Readonly<Record<string, readonly Right[]>>;

export type Role = keyof typeof ROLES;

/** A role as it is stored; undefined for a word that is none, which may do nothing. */
export function roleOf(stored: string): Role | undefined {
  return Object.hasOwn(ROLES, stored) ? (stored as Role) : undefined;
}

/** What somebody of that role may do: nothing, when the role is not known here. */
export function rightsOf(stored: string): readonly Right[] {
  const role = roleOf(stored);
  return role === undefined ? [] : ROLES[role];
}
