/**
 * Loads what is otherwise imported by whoever needs it first. For a quiet moment after the start: nobody waits for it then, and an
 * upgrade exchanges the files under a process that still serves for some seconds.
 */
export async function loadLateParts(): Promise<void> {
  await Promise.all([
    import('acme-client'),
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
    import('./certificates/constraints.ts'),
    import('./certificates/issue.ts'),
    import('./certificates/peer-names.ts'),
    import('systemd-notify'),
  ]);
}
