import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

describe('the page Archive in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
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

  it('says how long messages are kept, asks before that changes, and shows nothing without a reason', async () => {
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill(await door.code());
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Archive' }).click();
    await page.getByText('Messages are kept for ever.').waitFor();

    await page.getByLabel('Kept', { exact: true }).selectOption('days');
    await page.getByLabel('Days', { exact: true }).fill('30');
    await page.getByRole('button', { name: 'Change…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No message goes by it now.').waitFor();
    await dialog.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByText('Messages are kept for 30 days.').waitFor();

    await page.getByLabel('Why do you read it?').fill('x');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('Say in a few words why you read').waitFor();
    await page.getByLabel('Why do you read it?').fill('complaint 12');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('Nothing was found.').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'archive');
    await page.setViewportSize({ width: 390, height: 844 });
    await picture(page, 'archive-narrow');
  });
});
