import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

describe('the page Announcements in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true });
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('tells everybody after asking, and keeps the message of the day', async () => {
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill(await door.code());
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Announcements' }).click();
    await page.getByText('Nothing was announced yet').waitFor();

    await page.getByLabel('Tell them').fill('<b>The server</b> moves\nat noon.');
    await page.getByRole('button', { name: 'Announce', exact: true }).click();
    await page.getByText('Nobody would be told: nobody is in it yet.').waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0);
    const { accounts, departments } = door.house.stores;
    const anna = await accounts.create({ domain: 'example.test', local: 'anna', name: 'Anna', credentials: [] });
    const sales = await departments.create('example.test', 'Sales', '');
    await departments.setFor(anna, [sales.id]);
    await page.reload();
    await page.getByLabel('Tell them').fill('<b>The server</b> moves\nat noon.');
    await page.getByRole('button', { name: 'Announce', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Announce', exact: true }).click();
    await page.getByRole('list', { name: 'Announcements' }).getByText('<b>The server</b> moves').waitFor();
    assert.equal(await page.getByLabel('Tell them').inputValue(), '');
    await page.getByLabel('Which department').selectOption('Sales');
    await page.getByLabel('Tell them').fill('Cake.');
    await page.getByRole('button', { name: 'Announce', exact: true }).click();
    await dialog.getByRole('button', { name: 'Announce', exact: true }).click();
    const cake = page.getByRole('listitem').filter({ hasText: 'Cake.' });
    await cake.getByText('Sales', { exact: true }).waitFor();
    assert.equal(await cake.getByText('everybody', { exact: true }).count(), 0, 'one audience');

    await page.getByLabel('Message of the day').fill('Be quiet.');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Each person is given it once, at the next login.', { exact: true }).waitFor();
    await page.reload();
    await page.waitForFunction("document.querySelectorAll('textarea')[1]?.value === 'Be quiet.'");
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'announcements');
    assert.deepEqual(here.complaints, []);
  });
});
