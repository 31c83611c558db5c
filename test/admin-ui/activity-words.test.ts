import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { actionWords, isDeed, kindWords, subjectWords } from '../../admin-ui/src/activity.ts';
import { detailWords, isParticular } from '../../admin-ui/src/activity-details.ts';
import { folded, importOf } from '../../admin-ui/src/activity-fold.ts';
import { DEEDS, PARTICULARS } from '../../server/commands/deeds.ts';
import type { AuditRow, Setting } from '../../server/http/contract/index.ts';

/** What the server writes of itself as a value, and what nobody should see as it is. */
const RAW: readonly [
  action: (typeof DEEDS)[number],
  detail: Parameters<typeof detailWords>[0]['detail'],
  told: string,
][] = [
  ['admin.sign-in', { address: '192.0.2.7', how: 'claim' }, 'from 192.0.2.7, by claiming this house'],
  ['admin.sign-in', { how: 'password and code' }, 'by the password and a code'],
  ['admin.role', { from: 'help-desk', to: 'auditor' }, 'was Help desk, is Auditor'],
  ['account.name', { from: 'owner', to: 'Olga' }, 'was owner, is Olga'],
  ['backup.make', { good: false, bytes: 2_500_000 }, 'result: it can NOT be restored, size: 2.5 MB'],
  ['backup.check', { good: true }, 'result: it can be restored'],
  [
    'room.configure',
    { membersOnly: 'on', password: 'changed', archived: 'off' },
    'For members only: yes, password: changed, What is said is kept: no',
  ],
  [
    'room.member',
    { who: 'juliet@example.test', from: 'none', to: 'outcast' },
    'whom: juliet@example.test, was Guest, is Banned',
  ],
  ['archive.rule', { kept: 30, messages: 1_200 }, 'kept: 30 days, messages: 1,200'],
  ['archive.rule', { kept: 'nothing', before: 'for ever' }, 'kept: nothing, once it is kept again: for ever'],
  ['certificate.upload', { fingerprint: 'AA:BB', until: '2027-01-31' }, 'fingerprint: AA:BB, until January 31, 2027'],
  [
    'department.sight',
    { department: 'Sales', other: 'Board', relation: 'seen' },
    'department: Sales, and Board, now: the second sees the first',
  ],
  ['account.quota', { space: 'as everybody' }, 'room for files: as everybody'],
  ['account.password', { own: true, generated: false }, ''],
  ['setting.change', { value: '"debug"', undone: 7 }, 'now: debug, takes back change 7'],
  ['setting.change', { value: 'a secret' }, 'now: a secret'],
  ['setting.change', { value: 'back to the default' }, 'now: the default'],
  ['setting.change', { value: '["ann","bob"]' }, 'now: ann, bob'],
  ['house.provision', { hash: 'f00', people: 2 }, 'people: 2'],
];

suite('the page of activity', () => {
  test('has words for every deed that is written down, and for all that is said of it', () => {
    assert.deepEqual(
      DEEDS.filter((deed) => !isDeed(deed)),
      [],
    );
    assert.deepEqual(
      PARTICULARS.filter((name) => !isParticular(name)),
      [],
    );
  });

  for (const [action, detail, told] of RAW) {
    test(`tells ${JSON.stringify(detail)} of ${action} as people say it`, () => {
      assert.equal(detailWords({ action, detail }), told);
    });
  }

  test('names each deed in the filter in words that need nothing behind them', () => {
    const each = DEEDS.map(kindWords);
    assert.deepEqual(
      each.filter((words) => /[:,]$|\b(?:of|at|for|on|to|the|from|with|about|around|until|into)$/.test(words)),
      [],
    );
    assert.deepEqual(
      each.filter((words, at) => each.indexOf(words) !== at),
      [],
      'two deeds of one name',
    );
  });

  test('does not say of who changes their own password that they set one for nobody', () => {
    assert.equal(actionWords('account.password', true), 'Chose a new password');
    assert.equal(actionWords('account.password'), 'Set a new password for');
  });

  test('names what it was done to as the other pages do', () => {
    const titles = new Map([['log.level', { title: 'What is logged' }]]);
    const subject = (action: string, text: string) => subjectWords({ action, subject: text }, titles);
    assert.equal(subject('setting.change', 'log.level'), '“What is logged”');
    assert.equal(subject('setting.change', 'log.level example.test'), '“What is logged” (example.test)');
    assert.equal(subject('setting.change', 'gone.since'), 'gone.since');
    assert.equal(subject('federation.policy', 'ask'), 'new servers wait for a decision');
    assert.equal(subject('setup.done', 'certificate'), 'Certificate');
    assert.equal(subject('setup.reach', 'office'), 'Only in the office');
    assert.equal(subject('account.create', 'ask'), 'ask');
    const made = { action: 'department.create', subject: 'example.test', detail: { department: 'Sales' } };
    assert.equal(subjectWords(made, titles), 'Sales (example.test)');
    assert.equal(detailWords(made), '', 'said once');
    assert.equal(detailWords({ action: 'certificate.request', detail: { key: 'ec' } }), 'kind of key: elliptic curve');
  });

  test('tells what a setting is now as its page does', () => {
    const shape = { kind: 'choice', choices: { open: 'Everybody', closed: 'Nobody' } } as const;
    const settings = new Map([['x.y', { key: 'x.y', title: 'Who', shape } as unknown as Setting]]);
    const row = { action: 'setting.change', detail: { value: '"open"' } };
    assert.equal(detailWords({ ...row, subject: 'x.y example.test' }, settings), 'now: Everybody');
    assert.equal(detailWords({ ...row, subject: 'gone.since' }, settings), 'now: open');
  });

  test('has what came of one import on one line, and many alike, but nothing that others did between them', () => {
    let id = 100;
    const row = (action: string, detail: AuditRow['detail'] = {}, actor = 'olga'): AuditRow => {
      id -= 1;
      return { id, time: id, actor, door: 'panel', action, subject: `user${id}@example.test`, detail };
    };
    const came = (number: number) => [
      row('department.join', { import: number, department: 'Sales' }),
      row('account.create', { import: number, generated: true }),
    ];
    const joined = () => row('department.join', { department: 'Sales' });
    const rows = [
      ...[...came(2), ...came(2)],
      row('people.import', { import: 2, people: 2 }),
      ...[...came(1), ...came(1)],
      ...[joined(), joined(), joined()],
      row('department.join', { department: 'Sales' }, 'bernd'),
      ...[joined(), joined(), joined(), joined(), row('department.join', { department: 'Board' })],
    ];
    const lines = folded(rows);
    assert.deepEqual(
      lines.map((line) => line.length),
      [4, 1, 4, 1, 1, 1, 1, 4, 1],
    );
    assert.deepEqual(lines.flat(), rows);
    assert.deepEqual(
      [lines[0], lines[1], lines[2], lines[7]].map((line) => importOf(line![0]!)),
      [2, undefined, 1, undefined],
    );
  });

  test('shows what another release wrote as it is', () => {
    assert.equal(actionWords('moon.land-on'), 'Moon land on');
    assert.equal(detailWords({ action: 'moon.land-on', detail: { crater: 'Tycho' } }), 'crater: Tycho');
  });
});
