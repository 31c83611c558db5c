// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createPanelDoor, type Door } from '../../server/http/door.ts';
import { selfSigned } from '../http/support.ts';
import { openLastingScene } from '../support/lasting-scene.ts';
import { enters, say } from '../support/rooms.ts';
import type { Scene } from '../support/scene.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const NASTY = '<img src=x onerror="document.title=1">';
/** A name as long as they may be, without a place to break it. */
const LONG = 'w'.repeat(200);
const ESCAPED = NASTY.replaceAll('<', '&lt;').replaceAll('"', '&quot;');

describe('rooms in a browser', { skip: noBrowser, timeout: 180_000 }, () => {
  let scene: Scene;
  let close: () => Promise<void>;
  let door: Door;
  let url: string;
  let browser: Browser;
  let here: Visit;

  const audited = async (limit = 1) =>
    (await scene.stores.audit.page({ limit })).map(
      ({ actor, action, detail }) => `${actor} ${action} ${JSON.stringify(detail)}`,
    );
  const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();
  const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

  before(async () => {
    ({ scene, close } = await openLastingScene());
    const { commands, house, stores } = scene;
    await stores.domains.add('example.test');
    await scene.account('juliet@example.test');
    const panel = join(import.meta.dirname, '../../admin-ui/dist');
    door = await createPanelDoor({ commands, log: house.log, panel, tls: selfSigned() });
    const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
    url = `https://localhost:${port}`;
    browser = await openBrowser();
    here = await visit(browser);
    const { page } = here;
    await page.goto(`${url}/`);

    await page.getByLabel('Claim code').fill((await commands.claim.freshCode({ name: 'test', door: 'house' })).code);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await press(page, 'Start using Hallway');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Rooms' }).click();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
    await close?.();
  });

  it('says that there are none, and makes the first', async () => {
    const { page } = here;
    await page.getByText('No rooms yet').waitFor();
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Title').fill('Garden café');
    assert.equal(await dialog.getByLabel('Address', { exact: true }).inputValue(), 'garden-cafe');
    await dialog.getByLabel('Address', { exact: true }).fill('garden');
    await dialog.getByLabel('Owner', { exact: true }).fill('nobody');
    await dialog.getByText('For members only').click();
    await press(page, 'Create');
    await dialog.getByText('nobody with the address nobody@example.test').waitFor();
    await dialog.getByLabel('Owner', { exact: true }).fill('juliet');
    await press(page, 'Create');
    await page.getByRole('heading', { level: 1, name: 'Garden café' }).waitFor();
    assert.equal(await page.title(), 'Garden café · Hallway');
    await section(page, 'Members').getByText('juliet@example.test').waitFor();
    await eventually(async () => assert.match((await audited())[0]!, /^olga room\.create .*"membersOnly":"on"/));
  });

  it('changes how it is, and says at the field what is wrong', async () => {
    const { page } = here;
    const form = section(page, 'How the room is');
    await form.getByLabel('For members only').click();
    await form.getByLabel('What it is for').fill('Herbs & <b>flowers</b>');
    await form.getByLabel('Pause between two messages').fill('often');
    await press(page, 'Save');
    await form.getByText('A whole number from 0 to 86400, please.').waitFor();
    await form.getByLabel('Pause between two messages').fill('');
    await form.getByLabel('Pause between two messages').fill('0');
    await form.getByLabel('A password is needed').click();
    await form.getByLabel('Password of the room').fill('rose-4711');
    await form.getByLabel('Who sees the list of members').selectOption({ label: 'Moderators alone' });
    await press(page, 'Save');
    await page.getByText('Saved. Whoever is in the room is told.').last().waitFor();
    await page.getByText('Herbs & <b>flowers</b>').first().waitFor();
    const { config } = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    assert.deepEqual([config.membersOnly, config.password, config.memberList], [false, 'rose-4711', ['moderator']]);
    // Of this change, and not of what was written down before it: else there is nothing that could tell.
    await eventually(async () => assert.match((await audited())[0]!, /^olga room\.configure /));
    assert.ok(!(await audited())[0]!.includes('4711'));
    await page.reload();
    await form.getByText('There is one. Type another to replace it.').waitFor();
    assert.doesNotMatch(await page.content(), /4711/, 'SECURITY 67: it goes in and never comes out');
    await form.getByLabel('A password is needed').click();
    await press(page, 'Save');
    await page.getByText('Saved. Whoever is in the room is told.').last().waitFor();
    assert.equal((await scene.stores.rooms.get('conference.example.test', 'garden'))!.config.password, '');
  });

  it('shows who is in it, what they call themselves being text, and takes one out', async () => {
    const { page } = here;
    const romeo = await scene.comes('romeo@example.test/orchard');
    await enters(romeo, ESCAPED.replaceAll('&quot;', '&apos;'));
    await romeo.sends(say('Buds &amp; bugs'));
    await romeo.sends(say(ESCAPED.replaceAll("'", '&apos;')).replace(/id='[^']*'/, ''));
    await page.reload();
    const inside = section(page, 'In the room now');
    await inside.getByText("<img src=x onerror='document.title=1'>").waitFor();
    await inside.getByText('romeo@example.test').waitFor();
    await inside.getByText('One device').waitFor();
    await inside.getByRole('button', { name: /^Take out ./ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('Too loud');
    await press(page, 'Take out');
    await page.getByText('Nobody is in the room').waitFor();
    await eventually(async () => assert.match((await audited())[0]!, /^olga room\.kick .*"reason":"Too loud"/));
    assert.equal(await page.title(), 'Garden café · Hallway');
  });

  it('names members and bans others', async () => {
    const { page } = here;
    const members = section(page, 'Members');
    await members.getByRole('button', { name: 'Add somebody' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Chat address').fill('not an address');
    await press(page, 'Add');
    await dialog.getByText('is not an address like').waitFor();
    await dialog.getByLabel('Chat address').fill('romeo@example.test');
    await press(page, 'Add');
    const romeo = members.getByRole('listitem').filter({ hasText: 'romeo@example.test' });
    await romeo.getByText('Member', { exact: true }).waitFor();
    await members.getByRole('button', { name: 'Actions for romeo@example.test' }).click();
    await page.getByRole('menuitem', { name: 'Ban' }).click();
    await romeo.getByText('Banned').waitFor();
    await members.getByRole('button', { name: 'Actions for romeo@example.test' }).click();
    await page.getByRole('menuitem', { name: 'Lift the ban' }).click();
    await romeo.waitFor({ state: 'detached' });
    await eventually(async () =>
      assert.equal((await audited(3)).filter((row) => row.startsWith('olga room.member')).length, 3),
    );
  });

  it('shows what was said only to who says why, and writes it down', async () => {
    const { page } = here;
    const said = section(page, 'What was said');
    await press(page, 'Read what was said');
    await said.getByText(/few words why|must not be empty/).waitFor();
    await said.getByLabel('Why do you read it?').fill('Complaint of Juliet');
    await press(page, 'Read what was said');
    await said.getByText('Buds & bugs').waitFor();
    await said.getByText(NASTY, { exact: true }).waitFor();
    await eventually(async () =>
      assert.match((await audited())[0]!, /^olga room\.archive-read \{"reason":"Complaint of Juliet","messages":2/),
    );
    const bugs = said.getByRole('listitem').filter({ hasText: 'Buds' });
    await bugs.getByRole('button', { name: /^Remove…/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Buds & bugs').waitFor();
    await dialog.getByLabel('Reason').fill('No <b>bugs</b>');
    await press(page, 'Remove');
    await said.getByText('This message was removed: “No <b>bugs</b>”.').waitFor();
    await said.getByText('Buds').waitFor({ state: 'detached' });
    assert.equal(await said.getByRole('button', { name: /^Remove…/ }).count(), 1);
    await eventually(async () =>
      assert.match((await audited())[0]!, /^olga room\.moderate .*"reason":"No <b>bugs<\/b>"/),
    );
    await page.goto(`${url}/activity`);
    await page.getByRole('table').getByText('Took a message away in the room').waitFor();
    await page.getByRole('table').getByText('Read what was said in the room').first().waitFor();
    await page.getByText('because: Complaint of Juliet').waitFor();
  });

  it('shows people with all their devices, and the subject', async () => {
    const { page } = here;
    const desk = await scene.comes('juliet@example.test/balcony');
    await enters(desk, 'Juliet');
    await enters(await scene.comes('juliet@example.test/a phone of hers'), 'Juliet');
    await enters(await scene.comes('romeo@example.test/orchard'), 'Romeo');
    await desk.sends(
      `<message to='garden@conference.example.test' type='groupchat'><subject>Roses</subject></message>`,
    );
    await scene.settle();
    await page.goto(`${url}/rooms/example.test/garden`);
    const juliet = section(page, 'In the room now').getByRole('listitem').filter({ hasText: 'Juliet' });
    await juliet.getByText('2 devices').waitFor();
    await juliet.getByText('moderates').waitFor();
    await page.getByText('Subject, set by Juliet: Roses').waitFor();
  });

  it('names of 200 characters, of another direction, in markup and beyond the middle of a sentence', async () => {
    const { page } = here;
    const by = { name: 'test', door: 'house' } as const;
    const title = `${'W'.repeat(150)}${NASTY}`;
    const { rooms } = scene.commands;
    await rooms.create(by, 'example.test', { name: LONG, owner: 'juliet', title, description: 'd'.repeat(900) });
    for (let i = 0; i < 99; i++)
      await rooms.affiliate(by, 'example.test', LONG, `p${i}@example.test`, { affiliation: 'member' });
    await rooms.create(by, 'example.test', { name: 'גן', owner: 'juliet', title: 'גן (ירושלים) 12!' });
    const nick = `${'N'.repeat(100)} דנה`;
    await enters(await scene.comes('romeo@example.test/a place'), nick, '', `${LONG}@conference.example.test`);
    await page.goto(`${url}/rooms`);
    const garden = page.getByRole('link', { name: 'גן (ירושלים) 12!' });
    assert.equal(await garden.getAttribute('dir'), 'auto');
    await page.getByRole('link', { name: title }).click();
    await section(page, 'In the room now').getByText(nick).waitFor();
    await page.getByRole('button', { name: /^Take out/ }).click();
    await page.getByRole('heading', { name: `Take \u2068${'N'.repeat(60)}…\u2069 out of the room?` }).waitFor();
    await press(page, 'Cancel');
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      const viewport = { width, height: 860 };
      const { page, context } = await visit(browser, { colorScheme, viewport, bypassCSP: true });
      await context.addCookies(await here.context.cookies());
      const fits = async (name: string) => {
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
        const wide =
          "[...document.querySelectorAll('td, label, li, h1, h2')].filter((one) => one.scrollWidth > one.clientWidth)";
        assert.deepEqual(await page.evaluate(`${wide}.map((one) => one.outerHTML)`), []);
        await picture(page, `${name}-${colorScheme}-${width}`);
      };
      const looks = async (name: string) => {
        assert.deepEqual(await seriousFindings(page), []);
        await fits(name);
      };
      await page.goto(`${url}/rooms`);
      await page.getByText('garden@conference.example.test').waitFor();
      await looks('rooms');
      await page.getByRole('button', { name: 'Create a room' }).click();
      await page.getByRole('dialog').waitFor();
      await looks('rooms-create');
      await page.goto(`${url}/rooms/example.test/garden`);
      await section(page, 'Members').getByText('juliet@example.test').waitFor();
      await looks('room');
      await page.goto(`${url}/rooms/example.test/${LONG}`);
      await section(page, 'Members').getByText('100 in all').waitFor();
      await fits('room-of-many');
      const people = section(page, 'In the room now');
      await people.getByRole('button', { name: /^Take out/ }).click();
      await page.getByRole('dialog').waitFor();
      await fits('room-take-out');
      await press(page, 'Cancel');
      await press(page, 'End the room');
      await page.getByRole('dialog').waitFor();
      await fits('room-end');
      await context.close();
    });
  }

  it('finds rooms, and ends one after its name was typed; the name is retired until it is freed', async () => {
    const { page } = here;
    const by = { name: 'test', door: 'house' } as const;
    for (let i = 10; i < 40; i++)
      await scene.commands.rooms.create(by, 'example.test', { name: `team-${i}`, owner: 'juliet' });
    await page.goto(`${url}/rooms`);
    await page.getByText('33 rooms').waitFor();
    await press(page, 'Next');
    await page.getByText('team-39@').waitFor();
    await press(page, 'Previous');
    await page.getByLabel('Search rooms').fill('café gard');
    await page.waitForURL(/search=/); // before that, what is shown is the list that was there, and it changes under the click
    await page.getByText('team-10@').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Garden café' }).click();
    await press(page, 'End the room');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('Winter');
    await dialog.getByLabel('Where to go instead').fill('team-10');
    await dialog.getByRole('button', { name: 'End the room' }).click();
    await dialog.getByText('That is not garden.').waitFor();
    await dialog.getByLabel('Type garden to confirm').fill('garden');
    await dialog.getByRole('button', { name: 'End the room' }).click();
    await page.getByText('32 rooms').waitFor();
    await press(page, 'Retired names');
    await page.getByText('people are sent to team-10@conference.example.test').waitFor();
    await press(page, 'Free the name garden');
    await page.getByText('No name is retired.').waitFor();
    await eventually(async () => assert.match((await audited(2))[1]!, /^olga room\.destroy .*"reason":"Winter"/));
  });

  it('says so while rooms are switched off', async () => {
    const { page } = here;
    await scene.commands.options.set({ name: 'test', door: 'house' }, 'rooms.on', false);
    await page.goto(`${url}/rooms`);
    await page.getByText('Rooms are switched off').waitFor();
    await page.getByText('32 rooms').waitFor();
  });

  it('gave the browser nothing to complain about', () => {
    assert.deepEqual(here.complaints, []);
  });
});
