import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { actionWords, detailWords } from '../../admin-ui/src/activity.ts';

const COMMANDS = join(import.meta.dirname, '../../server/commands');
const ACTION =
  /'((?:account|admin|announcement|backup|component|device|domain|federation|file|house|invitation|motd|report|session|setting|transfer)\.[a-z-]+)'/g;

test('the page of activity has words for everything that is audited', () => {
  const sources = globSync('!(*-options).ts', { cwd: COMMANDS }).map((name) =>
    readFileSync(join(COMMANDS, name), 'utf8'),
  );
  const actions = new Set(sources.flatMap((source) => [...source.matchAll(ACTION)].map(([, action]) => action!)));
  assert.ok(actions.size > 30, `${actions.size} actions`);
  const wordless = [...actions].filter((action) => {
    const [noun = '', verb = ''] = action.split('.');
    return actionWords(action).toLowerCase() === `${noun} ${verb.replaceAll('-', ' ')}`;
  });
  assert.deepEqual(wordless, []);
});

test('who changes their own password is not said to set one for nobody', () => {
  assert.equal(actionWords('account.password', true), 'Chose a new password');
  assert.equal(actionWords('account.password'), 'Set a new password for');
  assert.equal(detailWords({ own: true }), '');
});
