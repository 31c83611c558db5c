import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Device } from '../../server/storage/stores/devices.ts';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const DAY = 24 * 60 * 60_000;
const NASTY = '<img src=x onerror="document.title=1">';

describe('devices in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;
  let account: number;

  /** Somebody's device as the store has it. Gives its id. */
  async function device(agent: string, more: Partial<Device>): Promise<string> {
    const { devices, push } = door.house.stores;
    const id = devices.idOf(account, agent);
    const now = Date.now();
    const token = { seed: Buffer.alloc(24), mechanism: 'HT-SHA-256-NONE', issuedAt: now, count: -1 };
    await devices.change(account, id, () => ({
      id,
      software: 'Pidgeon',
      name: agent,
      firstSeen: now - 30 * DAY,
      lastSeen: now,
      passwordAt: now,
      current: { ...token, expiresAt: now + DAY },
      fresh: undefined,
      ...more,
    }));
    const optionsXml = '';
    await push.put(account, {
      jid: 'push.example.net',
      node: agent,
      resource: agent,
      device: id,
      optionsXml,
      createdAt: 1,
    });
    return id;
  }

  const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });
  const woken = async () => (await door.house.stores.push.of(account)).map(({ node }) => node);

  async function logOut(page: Page, name: string, said: string): Promise<void> {
    await page.getByRole('button', { name: `Log out ${name}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`“${name}” is disconnected`).waitFor();
    await dialog.getByRole('button', { name: 'Log out' }).click();
    await page.getByText(said).last().waitFor();
  }

  before(async () => {
    door = await openPanelDoor();
    const by = { name: 'test', door: 'house' } as const;
    await door.house.commands.accounts.create(by, 'example.test', { local: 'juliet', name: 'Juliet', generate: true });
    account = (await door.house.stores.accounts.find('example.test', 'juliet'))!.id;
    browser = await openBrowser();
    here = await visit(browser);
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill(await door.code());
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('says that there are none', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people/example.test/juliet`);
    await page.getByText('Juliet has not logged in yet.').waitFor();
  });

  it('lists them, those connected first, each with how it comes in; what a client says of itself is text', async () => {
    const { page } = here;
    await device('Old laptop', { passwordAt: 0, lastSeen: Date.now() - 9 * DAY, software: NASTY });
    const phone = await device('Phone', { lastSeen: Date.now() - 20 * DAY });
    const session = door.house.house.connect('juliet@example.test/Pidgeon/x');
    Object.assign(session.client, { device: phone });
    await page.reload();
    await row(page, 'Old laptop').getByText(NASTY).waitFor();
    await row(page, 'Old laptop').getByText('without the password', { exact: true }).waitFor();
    await row(page, 'Phone').getByText('by the password, then without it').waitFor();
    const buttons = await page.getByRole('button', { name: /^Log out (?!everywhere)/ }).all();
    const names = await Promise.all(buttons.map((one) => one.getAttribute('aria-label')));
    assert.deepEqual(names, ['Log out Phone', 'Log out Old laptop']);
    assert.equal(await page.title(), 'Juliet · Hallway');
    await picture(page, 'devices');
  });

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 390],
  ] as const) {
    it(`is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
      const { page, context } = await visit(browser, {
        colorScheme,
        viewport: { width, height: 860 },
        bypassCSP: true,
      });
      await context.addCookies(await here.context.cookies());
      await page.goto(`${door.url}/people/example.test/juliet`);
      await row(page, 'Phone').first().waitFor();
      assert.deepEqual(await seriousFindings(page), []);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0);
      await context.close();
    });
  }

  it('logs one out after asking: it is gone, with its token and its notifications', async () => {
    const { page } = here;
    await page.getByRole('button', { name: 'Log out Old laptop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(await woken(), ['Old laptop', 'Phone'], 'asked, and thought better of it');
    await logOut(page, 'Old laptop', 'The device is logged out.');
    await row(page, 'Old laptop').waitFor({ state: 'detached' });
    assert.deepEqual(
      (await door.house.stores.devices.of(account)).map(({ name }) => name),
      ['Phone'],
    );
    assert.deepEqual(await woken(), ['Phone']);
  });

  it('tells that one which knows the password may come back, and disconnects it at once', async () => {
    const { page } = here;
    const [session] = door.house.house.get('example.test')!.list;
    await logOut(page, 'Phone', 'Logged out. It may know the password: reset that to keep it out.');
    assert.equal(session!.ended?.condition, 'not-authorized');
    await row(page, 'Phone').getByText('by the password', { exact: true }).waitFor();
    await page.getByText('No device of Juliet is signed in at the moment.').waitFor();
    const [left] = await door.house.stores.devices.of(account);
    assert.equal(left!.current, undefined);
    assert.deepEqual(await woken(), []);
    await eventually(async () => {
      const entries = await door.house.stores.audit.page({ limit: 5 });
      assert.equal(entries.filter(({ action, actor }) => action === 'device.revoke' && actor === 'olga').length, 2);
    });
  });

  it('says so when the device is gone by then', async () => {
    const { page } = here;
    await door.house.stores.devices.remove(account, door.house.stores.devices.idOf(account, 'Phone'));
    await page.getByRole('button', { name: 'Log out Phone' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
    await page.getByText('There is no such device any more.').first().waitFor();
  });

  it('gave the browser nothing to complain about', () => {
    assert.deepEqual(here.complaints, []);
  });
});
