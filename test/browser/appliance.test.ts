import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { Appliance } from '../support/appliance.ts';
import { XmppClient } from '../support/xmpp-client.ts';
import { chooseOfMine, noBrowser, openBrowser, picture, type Visit, visit } from './panel-kit.ts';

const ADMIN = { name: 'olga', password: 'a long enough passphrase' };

describe('the first day of an appliance, in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;
  let authority: string;
  const passwords = new Map<string, string>();
  const apps = new Map<string, XmppClient>();

  before(async () => {
    appliance = await Appliance.start();
    browser = await openBrowser();
    here = await visit(browser, { acceptDownloads: true });
  });
  after(async () => {
    for (const app of apps.values()) app.cut();
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  const press = (name: string) => here.page.getByRole('button', { name, exact: true }).click();
  const seen = (text: string) => here.page.getByText(text, { exact: true }).first().waitFor();
  const menu = async (person: string, item: string) => {
    await press(`Actions for ${person}`);
    await here.page.getByRole('menuitem', { name: item }).click();
  };

  /** A chat app that trusts the authority that was downloaded, and is not to be disturbed. */
  const login = async (jid: string, password: string): Promise<XmppClient> => {
    const local = jid.slice(0, jid.indexOf('@'));
    const app = await XmppClient.login(appliance, local, password, {
      resource: 'desk',
      transport: 'tls',
      ca: authority,
    });
    app.send('<presence><show>dnd</show><status>&lt;b&gt;busy&lt;/b&gt;</status></presence>');
    return app;
  };

  it('claims it with the code that the start printed, handed over by a link', async () => {
    const { page } = here;
    await page.goto(`${appliance.panel}/claim#${appliance.claimCode}`);
    assert.equal(await page.getByLabel('Claim code').inputValue(), appliance.claimCode);
    await page.getByLabel('Your name').fill(ADMIN.name);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    await press('Start using Hallway');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' }).click();
    await seen('Your house is ready. What comes next?');
    await seen('Live');
  });

  it('downloads the certificate authority', async () => {
    const { page } = here;
    const coming = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Certificate authority' }).click();
    const download = await coming;
    assert.match(download.suggestedFilename(), /^hallway-authority\.(pem|crt)$/);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    authority = Buffer.concat(chunks).toString();
    assert.match(authority, /^-----BEGIN CERTIFICATE-----/);
  });

  it('creates two people, who log in with the passwords shown', async () => {
    const { page } = here;
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'People' }).click();
    for (const name of ['Juliet', 'Romeo']) {
      await page.getByRole('button', { name: 'Create a person' }).first().click();
      await page.getByLabel('Name', { exact: true }).fill(name);
      await press('Create');
      await seen('A note to hand over');
      const note = await page.getByText('here is your chat account').textContent();
      const jid = /Address: (\S+)/.exec(note ?? '')?.[1] ?? '';
      passwords.set(jid, /Password: (.+)/.exec(note ?? '')?.[1] ?? '');
      await press('Done');
    }
    assert.deepEqual([...passwords.keys()], ['juliet@example.test', 'romeo@example.test']);
    for (const [jid, password] of passwords) {
      apps.set(jid, await login(jid, password));
    }
    // Both turn up without anybody touching the page.
    await page.getByRole('row', { name: /Romeo/ }).getByText('Online').last().waitFor();
    await page
      .getByRole('row', { name: /Juliet/ })
      .getByText('Online')
      .last()
      .waitFor();
    await picture(page, 'appliance-people');
  });

  it('shows how one is connected, and ends that session', async () => {
    const { page } = here;
    await page.getByRole('link', { name: 'Juliet', exact: true }).click();
    await seen('Do not disturb: <b>busy</b>');
    await page.getByText('TLSv1.3').waitFor();
    await picture(page, 'appliance-person');
    await press('End the session desk');
    await press('End session');
    await apps.get('juliet@example.test')?.closed;
    await seen('Not connected');
  });

  it('keeps out who is disabled, and lets them in again', async () => {
    const { page } = here;
    const [jid, password] = ['romeo@example.test', passwords.get('romeo@example.test') ?? ''];
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'People' }).click();
    await menu('Romeo', 'Disable');
    await press('Disable');
    await apps.get(jid)?.closed;
    await assert.rejects(login(jid, password), /account-disabled/);
    await menu('Romeo', 'Enable');
    await seen('Romeo can log in again.');
    apps.set(jid, await login(jid, password));
  });

  it('signs out and in, and deletes a person, who is thrown out', async () => {
    const { page } = here;
    await chooseOfMine(page, 'Sign out');
    await page.getByLabel('Name').fill(ADMIN.name);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    await press('Sign in');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await picture(page, 'appliance-overview');
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'People' }).click();
    await menu('Romeo', 'Delete');
    await page.getByText(/^romeo@example\.test cannot log in any more\. For 7 days it can be brought back/).waitFor();
    await press('Delete');
    await page
      .getByText(/^Deleted on/)
      .filter({ visible: true })
      .waitFor();
    await apps.get('romeo@example.test')?.closed;
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByText('Marked for deletion romeo@example.test').waitFor();
    await picture(page, 'appliance-activity');
  });

  it('gave the browser nothing to complain about', () => {
    assert.deepEqual(here.complaints, []);
  });
});
