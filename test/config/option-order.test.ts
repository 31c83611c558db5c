import assert from 'node:assert/strict';
import { test } from 'node:test';
import { components } from '../../server/components/index.ts';
import { modules } from '../../server/modules/index.ts';
import { allOptions } from '../../server/options.ts';

test('settings stand together by group, what an office decides first at the beginning', () => {
  const never = undefined as never;
  const all = allOptions(
    modules({ commands: () => never, contactAddresses: () => never, registrar: never }),
    components({ slots: () => never, proxy: () => never, hostname: never }),
  );
  const groups = all.map(({ group }) => group).filter((group, at, list) => group !== list[at - 1]);
  assert.equal(new Set(groups).size, groups.length, `a group is torn apart: ${groups.join(', ')}`);
  assert.equal(groups[0], 'Joining and leaving');
  assert.equal(groups.at(-1), 'Publish-subscribe');
});
