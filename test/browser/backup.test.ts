import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import { Appliance } from '../support/appliance.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

describe('backup and doctor in the panel', { skip: noBrowser, timeout: 120_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    appliance = await Appliance.start({ more: '[scram]\niterations = 4096' });
    await appliance.addPerson('juliet', 'capulet');
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true, acceptDownloads: true });
    const { page } = here;
    await page.goto(`${appliance.panel}/claim#${appliance.claimCode}`);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page
      .getByRole('button', { name: /claim|set up|start/i })
      .first()
      .click();
    await page.waitForURL('**/setup');
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  it('a backup is made, found good, downloaded and removed; the recovery key is shown', async () => {
    const { page, complaints } = here;
    await page.goto(`${appliance.panel}/backup`);
    await page.getByText('There is no backup yet').waitFor();
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByText('Good', { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByText('1 person, 0 files').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'backup');
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: /^Download the backup/ }).click();
    const download = await coming;
    assert.match(download.suggestedFilename(), /^hallway-localhost-.*\.age$/);
    assert.ok(statSync(await download.path()).size > 100_000);
    await page.getByRole('link', { name: 'Show and print the key' }).click();
    await page.getByRole('button', { name: 'Show the key' }).click();
    const paper = page.getByText(/^AGE-SECRET-KEY-1/);
    await paper.waitFor();
    assert.match((await paper.innerText()).trim(), /^AGE-SECRET-KEY-1( [0-9A-Z]{4}){14} [0-9A-Z]{2}$/);
    await page.getByRole('heading', { name: /^The key of localhost,/ }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'backup-key');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await seriousFindings(page), []);
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= 390'), 'the key is not cut off');
    await picture(page, 'backup-key-narrow');
    await page.goto(`${appliance.panel}/backup`);
    await page.getByText('Good', { exact: true }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'backup-one-narrow');
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(`${appliance.panel}/backup`);
    await page.getByRole('button', { name: /^Remove the backup/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('There is no backup yet').waitFor();
    assert.deepEqual(complaints, []);
  });

  it('the doctor says what is wrong, the worst first, and the overview says the worst of it', async () => {
    const { page, complaints } = here;
    await page.getByRole('link', { name: 'Doctor' }).click();
    await page.getByText('There is no backup.').waitFor({ timeout: 20_000 });
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'doctor');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByRole('button', { name: 'Look again', disabled: false }).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'doctor-narrow');
    await page.goto(`${appliance.panel}/backup`);
    await page.getByText('There is no backup yet').waitFor();
    await picture(page, 'backup-narrow');
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(appliance.panel);
    await page.getByRole('link', { name: /see the doctor/i }).waitFor();
    await picture(page, 'overview-doctor');
    await page.evaluate("localStorage.setItem('hallway-language', 'de')");
    await page.goto(`${appliance.panel}/doctor`);
    await page.getByText('Es gibt keine Datensicherung.').waitFor();
    await picture(page, 'doctor-german');
    await page.goto(`${appliance.panel}/backup`);
    await page.getByText('Es gibt noch keine Datensicherung').waitFor();
    await picture(page, 'backup-german');
    assert.deepEqual(complaints, []);
  });
});
