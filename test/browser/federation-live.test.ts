import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { Appliance } from '../support/appliance.ts';
import { noBrowser, openBrowser, type Visit, visit } from './panel-kit.ts';

describe('a partner of an appliance, in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;
  let web: Server;
  let port: number;

  before(async () => {
    // A web server where the chat server should be.
    web = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    ({ port } = web.address() as AddressInfo);
    appliance = await Appliance.start();
    browser = await openBrowser();
    here = await visit(browser);
    const { page } = here;
    await page.goto(`${appliance.panel}/claim#${appliance.claimCode}`);
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Other servers' }).click();
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
    web?.close();
  });

  it('is allowed at an address, tried, and what was wrong is said in words and kept', async () => {
    const { page } = here;
    await page.getByRole('button', { name: 'Add a partner' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Domain').fill('capulet.example');
    await dialog.getByText('Advanced', { exact: true }).click();
    await dialog.getByLabel('Address').fill(`127.0.0.1:${port}`);
    await dialog.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('list', { name: 'Servers' }).getByRole('link', { name: 'capulet.example' }).click();
    await page.getByText('There has been no link yet.').waitFor();
    await page.getByRole('button', { name: 'Try now' }).click();
    const attempts = page.getByRole('region', { name: 'The last 30 days' }).getByRole('listitem');
    await attempts.getByText('What answered for capulet.example is no chat server.').waitFor();
    await attempts.getByText('Details').click();
    await attempts.getByText(`127.0.0.1:${port}`, { exact: true }).first().waitFor();

    const closed = once(web, 'close');
    web.close();
    await closed;
    await page.getByRole('button', { name: 'Try now' }).click();
    await attempts.getByText(/was refused: nothing listens there/).waitFor();
    assert.deepEqual(here.complaints, []);
  });

  it('is denied, and then nobody calls it', async () => {
    const { page } = here;
    await page.getByRole('button', { name: 'Change the rule' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Deny' }).check();
    await dialog.getByLabel('Reason').fill('we have fallen out');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Denied by the rule for capulet\.example of olga .*“we have fallen out”/).waitFor();
    await page.getByRole('button', { name: 'Try now' }).click();
    const attempts = page.getByRole('region', { name: 'The last 30 days' }).getByRole('listitem');
    await attempts.getByText('A rule denies capulet.example: “we have fallen out”.').waitFor();
  });
});
