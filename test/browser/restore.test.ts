import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import { Appliance } from '../support/appliance.ts';
import { everyFinding, noBrowser, openBrowser, picture, visit } from './panel-kit.ts';

const PORT = 5281;

/** A fresh machine at an address of its own, so that the page finds it again when it has started anew. */
async function freshMachine(): Promise<{ machine: Appliance; url: string }> {
  const address = `127.${randomInt(1, 250)}.${randomInt(1, 250)}.${randomInt(2, 250)}`;
  const machine = await Appliance.prepare();
  const boot = readFileSync(machine.config, 'utf8')
    .replace(/^hostname.*\n/m, '')
    .replace(/^https.*$/m, `https = ["${address}:${PORT}"]`);
  await writeFile(machine.config, boot);
  await machine.start();
  return { machine, url: `https://${address}:${PORT}` };
}

describe('a backup is restored by the first page of a fresh machine', { skip: noBrowser, timeout: 120_000 }, () => {
  let old: Appliance;
  let file: string;
  let identity: string;
  let browser: Browser;

  before(async () => {
    old = await Appliance.start();
    await old.addPerson('juliet', 'capulet');
    await old.ctl(['admin', 'add', 'olga', 'owner']);
    file = join(old.folder, 'hallway-copy.age');
    await old.ctl(['backup', file]);
    ({ identity } = JSON.parse((await old.ctl(['--json', 'backup', 'key'])).stdout) as { identity: string });
    await old.stop();
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await old?.[Symbol.asyncDispose]();
  });

  /** Shown to a person on a phone in the dark, too. */
  async function looked(page: Page, name: string): Promise<void> {
    assert.deepEqual(await everyFinding(page), []);
    await picture(page, name);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await everyFinding(page), []);
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'nothing is cut off');
    await picture(page, `${name}-narrow`);
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.emulateMedia({ colorScheme: 'light' });
  }

  it('what is missing or wrong is said, then what is in it; and who had the server signs in again', async () => {
    const { machine, url } = await freshMachine();
    await using _ = machine;
    const { page, complaints, context } = await visit(browser, { bypassCSP: true });
    await page.goto(`${url}/claim#${machine.claimCode}`);
    await page.getByRole('button', { name: 'Restore a backup' }).click();
    await page.getByRole('button', { name: 'Look into it' }).click();
    await page.getByText('Choose the file of the backup.').waitFor();
    await page.getByText('Enter the recovery key.').waitFor();
    await looked(page, 'restore');
    await page.getByLabel('File of the backup').setInputFiles(file);
    await page.getByLabel('Recovery key').fill('AGE-SECRET-KEY-1NOTTHEONE');
    await page.getByRole('button', { name: 'Look into it' }).click();
    await page.getByText('This is no recovery key').waitFor();
    const wrong = `${identity.slice(0, -1)}${identity.endsWith('Q') ? 'P' : 'Q'}`;
    await page.getByLabel('Recovery key').fill(wrong);
    await page.getByRole('button', { name: 'Look into it' }).click();
    await page.getByText('A letter of this recovery key is wrong').waitFor();
    await page.getByLabel('Recovery key').fill(identity.replace(/.{4}/g, '$& '));
    await page.getByRole('button', { name: 'Look into it' }).click();
    await page.getByRole('heading', { name: 'The backup is good' }).waitFor({ timeout: 30_000 });
    await page.getByText('example.test', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Name of this server').inputValue(), 'localhost');
    await page.getByLabel('Name of this server').fill('chat.example.test');
    await looked(page, 'restore-known');
    await page.getByRole('button', { name: 'Restore it' }).click();
    await page.getByText(/must lead to chat\.example\.test/).waitFor({ timeout: 30_000 });
    await page.getByText('The backup is restored').waitFor({ timeout: 30_000 });
    await looked(page, 'restored');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Password', { exact: true }).waitFor();
    // While it starts anew the page asks for it in vain.
    assert.deepEqual(
      complaints.filter((one) => !/ERR_|Failed to load resource/.test(one)),
      [],
    );
    await context.close();
  });

  it('in German as well', async () => {
    const { machine, url } = await freshMachine();
    await using _ = machine;
    const { page, context } = await visit(browser, { locale: 'de-DE' });
    await page.goto(`${url}/claim#${machine.claimCode}`);
    await page.getByRole('button', { name: 'Datensicherung wiederherstellen' }).click();
    await page.getByLabel('Datei der Datensicherung').setInputFiles(file);
    await page.getByLabel('Wiederherstellungsschlüssel').fill(identity);
    await page.getByRole('button', { name: 'Datensicherung ansehen' }).click();
    await page.getByRole('heading', { name: 'Die Datensicherung ist gut' }).waitFor({ timeout: 30_000 });
    await picture(page, 'restore-german');
    await context.close();
  });
});
