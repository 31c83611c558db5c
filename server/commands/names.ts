import { JidError, prepareDomain, prepareLocal } from '../xmpp/jid.ts';
import { CommandError } from './command-error.ts';

const EXCLUDED = /["&'/:<>]/;

/** What is wrong with a local part, for people. */
function explainLocal(input: string): string {
  if (input.trim() === '') return 'A name is needed.';
  if (/\s/u.test(input)) return 'A name cannot contain spaces.';
  if (input.includes('@')) return 'Give only the part before the @.';
  if (EXCLUDED.test(input)) return 'A name cannot contain any of " & \' / : < >.';
  if (input.length > 300) return 'The name is too long.';
  return 'The name has characters that an address cannot have.';
}

/** The part of an address before the @, prepared (RFC 7622 §3.3). Throws CommandError. */
export function checkLocal(input: string): string {
  try {
    if (input === '') throw new JidError('empty');
    return prepareLocal(input);
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    throw new CommandError('invalid', explainLocal(input), 'local');
  }
}

/** What is wrong with a domain, for people; the panel says the same before it asks (admin-ui/src/domain-name.ts). */
function explainDomain(input: string): string {
  const name = input.trim().replace(/\.$/, '');
  const labels = name.split('.');
  if (name === '') return 'Enter a domain.';
  if (/[/?#]|^[^:[]*:[^:]*$/.test(name))
    return 'Only the name, without “https://” before it and without anything behind it.';
  if (/^\[|^[\d.]+$|:/.test(name)) return 'This is the address of a machine; a domain is a name.';
  if (name.includes('@')) return 'This is the address of a person: give only what stands behind the at sign.';
  if (/\s/u.test(name)) return 'A domain has no spaces.';
  if (name.includes('_')) return 'A domain has no underscores; hyphens are fine.';
  if (labels.includes('')) return 'Something must stand before the first dot and between two dots.';
  if (name.length > 253 || labels.some((label) => label.length > 63)) {
    return 'This is too long: a domain has 253 characters at most, and 63 between two dots.';
  }
  if (labels.some((label) => /^-|-$/.test(label))) return 'No part of a domain begins or ends with a hyphen.';
  return 'This is not a domain name. It looks like “example.com”.';
}

/** A domain to be served, prepared (RFC 7622 §3.2); addresses of machines are no domains. Throws CommandError. */
export function checkDomain(input: string, field = 'name'): string {
  const wrong = new CommandError('invalid', explainDomain(input), field);
  try {
    const domain = prepareDomain(input.trim());
    if (domain.startsWith('[') || /^[\d.]+$/.test(domain)) throw wrong;
    return domain;
  } catch (error) {
    if (error instanceof JidError) throw wrong;
    throw error;
  }
}

/** What a person is called: one line of text, at most 200 characters; control characters are refused. Throws CommandError. */
export function checkDisplayName(input: string): string {
  const name = input.normalize('NFC').trim();
  // Signs that turn the direction of what stands behind them would do so wherever the name is shown.
  if (/\p{Cc}|\p{Zl}|\p{Zp}|[\u202a-\u202e\u2066-\u2069]/u.test(name)) {
    throw new CommandError('invalid', 'The full name must be one line of plain text.', 'name');
  }
  if (name !== '' && /^[\p{Default_Ignorable_Code_Point}\s]*$/u.test(name)) {
    throw new CommandError('invalid', 'The full name has nothing in it that can be seen.', 'name');
  }
  if (name.length > 200) throw new CommandError('invalid', 'The full name is too long.', 'name');
  return name;
}

/** Why somebody is disabled, for them to read: plain text of one line. Throws CommandError. */
export function checkReason(input: string): void {
  if (input.length > 500) throw new CommandError('invalid', 'The reason is too long.', 'reason');
  if (/\p{Cc}|\p{Zl}|\p{Zp}|[\u202a-\u202e\u2066-\u2069]/u.test(input)) {
    throw new CommandError('invalid', 'The reason must be one line of plain text.', 'reason');
  }
}

/** An administrator's sign-in name. Case does not count. Throws CommandError. */
export function checkAdminName(input: string): string {
  const name = adminName(input);
  if (!/^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]{0,63}$/u.test(name)) {
    throw new CommandError('invalid', 'A sign-in name is letters, digits, dots and dashes, without spaces.', 'name');
  }
  return name;
}

/** The name of an administrator as it is kept, however it was typed. */
export function adminName(input: string): string {
  return input.normalize('NFKC').trim().toLowerCase();
}
