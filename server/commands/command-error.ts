/** Why an administrator's wish was refused. Each door says it in its own way: a status, a stanza error, an exit code. */
export type CommandErrorCode =
  | 'invalid'
  | 'busy'
  | 'backup-not-found'
  | 'wrong-credentials'
  | 'wrong-code'
  | 'account-not-found'
  | 'domain-not-found'
  | 'session-not-found'
  | 'device-not-found'
  | 'admin-not-found'
  | 'setting-not-found'
  | 'setting-changed'
  | 'change-not-found'
  | 'invitation-not-found'
  | 'link-unknown'
  | 'link-expired'
  | 'link-used'
  | 'not-allowed'
  | 'not-your-role'
  | 'prove-yourself'
  | 'too-many'
  | 'report-not-found'
  | 'department-not-found'
  | 'department-exists'
  | 'export-not-found'
  | 'message-not-found'
  | 'file-not-found'
  | 'transfer-not-found'
  | 'room-exists'
  | 'room-not-found'
  | 'account-exists'
  | 'account-leaving'
  | 'import-not-found'
  | 'import-running'
  | 'import-changed'
  | 'domain-exists'
  | 'domain-in-use'
  | 'certificate-not-found'
  | 'component-exists'
  | 'component-not-found'
  | 'policy-changed'
  | 'rule-not-found'
  | 'nothing-held'
  | 'passkey-not-found'
  | 'last-owner'
  | 'last-domain'
  | 'already-claimed'
  | 'not-claimed'
  | 'not-confirmed';

/** A wish that was refused; nothing was changed. The message is plain English for the person who wished. */
export class CommandError extends Error {
  readonly code: CommandErrorCode;
  /** The input at fault. */
  readonly field?: string;

  constructor(code: CommandErrorCode, message: string, field?: string) {
    super(message);
    this.name = 'CommandError';
    this.code = code;
    if (field !== undefined) this.field = field;
  }
}
