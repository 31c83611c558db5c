import { randomBytes } from 'node:crypto';

/** An identifier nobody can guess: 144 bits, fit for XML attributes and addresses. */
export function newId(): string {
  return randomBytes(18).toString('base64url');
}
