import assert from 'node:assert/strict';
import { CommandError } from '../../server/commands/command-error.ts';

/** For `assert.rejects`: a command was refused with this code, at this field or at none. */
export function refused(code: string, field?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CommandError, String(error));
    assert.deepEqual([error.code, error.field], [code, field], error.message);
    return true;
  };
}
