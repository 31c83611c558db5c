import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openHouse, type TestHouse } from '../http/support.ts';
import { type Ctl, openCtl } from '../support/ctl.ts';

let tool: Ctl;
let house: TestHouse;

before(async () => {
  house = await openHouse();
  tool = await openCtl(house);
  await house.stores.admins.create({ name: 'olga', passwordHash: 'x', role: 'owner' });
});
after(async () => {
  await tool.close();
  await house.close();
});

const ctl: Ctl['call'] = (words, options) => tool.call(words, options);

test('administrators are made, changed, signed out and removed by hallwayctl, too', async () => {
  const added = await ctl('admin add hal help-desk');
  assert.equal(added.exit, 0, added.err);
  const code = /\/reset#([0-9A-Z-]+)/.exec(added.out)?.[1] ?? '';
  await house.commands.admins.reset(code, 'a long enough passphrase', {
    address: '192.0.2.9',
    agent: 'Browser \u001b[31m',
  });
  const list = await ctl('admin list');
  assert.match(list.out, /hal +help-desk +active +password only/);
  assert.match((await ctl('admin role hal auditor')).out, /hal is auditor now/);
  assert.equal((await house.commands.administrators.sessions('hal')).length, 0, 'another role: signed out');
  await house.commands.admins.welcome('hal', { address: '192.0.2.9', agent: 'Browser \u001b[31m' });
  const sessions = await ctl('admin sessions hal');
  assert.match(sessions.out, /192\.0\.2\.9/);
  assert.ok(!sessions.out.includes('\u001b'), 'what a browser calls itself does nothing to the terminal');
  const [id = ''] = /^[0-9a-f]{16}/m.exec(sessions.out) ?? [];
  assert.equal((await ctl(`admin sign-out hal ${id}`)).exit, 0);
  assert.equal((await ctl(`admin sign-out hal ${id}`)).exit, 1);
  assert.equal((await ctl('admin sign-out hal')).out, '0 browsers are signed out.\n');
  assert.match((await ctl('admin password-only hal --yes')).out, /password alone/);
  assert.match((await ctl('admin disable hal')).out, /disabled/);
  assert.match((await ctl('admin list')).out, /hal +auditor +disabled/);
  assert.equal((await ctl('admin enable hal')).exit, 0);
  assert.equal((await ctl('admin remove hal')).exit, 2, 'nobody there to say yes');
  assert.equal((await ctl('admin remove hal --yes')).exit, 0);
  const rows = await house.stores.audit.page({ limit: 50 });
  const deeds = rows.filter(({ actor, door: by }) => actor === 'tester' && by === 'cli').map(({ action }) => action);
  for (const action of ['invite', 'role', 'end-session', 'no-second-factor', 'disable', 'enable', 'remove']) {
    assert.ok(deeds.includes(`admin.${action}`), action);
  }
});

test('what cannot be is refused, and said', async () => {
  for (const [line, exit, words] of [
    ['admin remove olga --yes', 1, /Make somebody else an owner first/],
    ['admin disable olga', 1, /Make somebody else an owner first/],
    ['admin role olga admin', 1, /Make somebody else an owner first/],
    ['admin add olga owner', 1, /already/],
    ['admin add pia king', 2, /is no role/],
    ['admin role nobody admin', 1, /no administrator/],
  ] as const) {
    const answer = await ctl(line);
    assert.equal(answer.exit, exit, line);
    assert.match(answer.err, words);
  }
  const reply = JSON.parse((await ctl('admin list --json')).out) as { administrators: { name: string }[] };
  assert.deepEqual(
    reply.administrators.map(({ name }) => name),
    ['olga'],
  );
});
