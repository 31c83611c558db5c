import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BackupProblem, problemOf } from '../../provisioning/backup/problem.ts';

function refused(code: string): BackupProblem {
  return problemOf(Object.assign(new Error(`${code}: it cannot be written, open '/mnt/one'`), { code }));
}

test('who chose a folder that the service may not write to is told how it is opened', () => {
  const { code, message } = refused('EROFS');
  assert.equal(code, 'unmade');
  assert.match(message, /open '\/mnt\/one'.*systemctl edit hallway.*ReadWritePaths=/);
  assert.doesNotMatch(refused('EACCES').message, /systemctl/);
  assert.equal(refused('ENOSPC').code, 'room');
});
