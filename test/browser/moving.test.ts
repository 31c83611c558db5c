import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { archiveOf, portable } from '../support/moving.ts';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const NASTY = '<img src=x onerror="document.title=1">';
const A = 'anna@example.test';

describe('people of another server in the panel', { skip: noBrowser, timeout: 120_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true });
    const { page } = here;
    await page.goto(`${door.url}/claim#${await door.code()}`);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await door.house.stores.accounts.create({ domain: 'example.test', local: 'there', credentials: [] });
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('are looked at, moved in from files, and get links where they have no password', async () => {
    const { page } = here;
    const nasty = NASTY.replaceAll('<', '&lt;').replaceAll('"', '&quot;');
    const users =
      `<user name='anna' password='an old password'><query xmlns='jabber:iq:roster'><item jid='b@x.test'/></query>${archiveOf(A, 'b@x.test', ['one', 'two'], Date.UTC(2024, 1, 1))}<dream xmlns='${nasty}'/></user>` +
      "<user name='ben'/><user name='there' password='an old password'/><user name='no name'/>";
    const file = (name: string, text: string) => ({ name, mimeType: 'text/xml', buffer: Buffer.from(text) });
    const files = [
      file('a.xml', portable(users)),
      file('b.xml', portable("<user name='zoe' password='an old password'/>", 'old.test')),
    ];
    await page.goto(`${door.url}/people/import`);
    const section = page.getByRole('region', { name: 'From another chat server' });
    await section.getByLabel('Choose XML files').setInputFiles([file('a.xml', '<html/>')]);
    await section.getByText(/a\.xml: It is not what servers write/).waitFor();
    await section.getByLabel('Choose XML files').setInputFiles(files);
    await section.getByText('1 contact, 2 messages').waitFor();
    await section.getByText('There is somebody with this address already.').waitFor();
    await section.getByText(NASTY).waitFor();
    await section.getByText('1 person of old.test, which is not served here').waitFor();
    const findings: string[] = [];
    for (const [scheme, width] of [
      ['light', 1280],
      ['dark', 390],
    ] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 860 });
      assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${width}`);
      findings.push(...(await seriousFindings(page)));
      await picture(page, `moving-${scheme}-${width}`);
    }
    assert.deepEqual(findings, []);
    await section.getByLabel('What old.test is called here').selectOption('example.test');
    await section.getByText('2 move in').waitFor();
    await section.getByRole('button', { name: 'Move 3 people in' }).click();
    const list = page.getByRole('region', { name: 'Imports' });
    await list.getByText('3 accounts made').waitFor();
    await list.getByText(`Not taken: <dream xmlns="${NASTY}"> (1)`).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      list.getByRole('button', { name: 'Save the list' }).click(),
    ]);
    assert.match(await readFile(await download.path(), 'utf8'), /ben@example\.test,,https:.*\/reset\//);
    assert.equal((await door.house.stores.accounts.find('example.test', 'zoe'))?.status, 'active');
    assert.deepEqual(here.complaints, []);
  });
});
