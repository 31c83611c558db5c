import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { shownCode } from '../support/totp-app.ts';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import {
  chooseOfMine,
  eventually,
  noBrowser,
  openBrowser,
  picture,
  seriousFindings,
  type Visit,
  visit,
} from './panel-kit.ts';

const PASSWORD = 'a long enough passphrase';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, bypassCSP: true } as const;
const MINUTE = 60_000;

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).first().click();
}

describe('administrators in a browser', { skip: noBrowser, timeout: 180_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;
  let phone: Visit;
  let device: CDPSession;
  let ahead = 0;
  let secret = '';
  let recovery: string[] = [];

  const later = (ms: number) => {
    ahead += ms;
    door.house.later(ms);
  };
  /** The clock of the house, and so of the app, goes on: each code works once. */
  const nextCode = () => {
    later(MINUTE / 2);
    return shownCode(secret, Date.now() + ahead);
  };

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { permissions: ['clipboard-read', 'clipboard-write'], bypassCSP: true });
    phone = await visit(browser, { ...PHONE, colorScheme: 'dark' });
    await door.house.commands.claim.claim({ code: await door.code(), name: 'olga', password: PASSWORD });
    await door.house.commands.domains.add({ name: 'olga', door: 'panel' }, 'second.test');
    device = await here.context.newCDPSession(here.page);
    await device.send('WebAuthn.enable');
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  async function enter(page: Page, name: string, password = PASSWORD): Promise<void> {
    await page.goto(`${door.url}/sign-in`);
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press(page, 'Sign in');
  }

  async function leave(page: Page): Promise<void> {
    await chooseOfMine(page, 'Sign out');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  }

  it('sets up codes of an app, is given recovery codes once, and signs in with a code', async () => {
    const { page } = here;
    await enter(page, 'olga');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${door.url}/account`);
    await press(page, 'Set up codes');
    await page.getByRole('img', { name: 'The secret for the app as a QR code' }).waitFor();
    secret =
      (await page
        .getByRole('dialog')
        .getByText(/^[A-Z2-7]{32}$/)
        .textContent()) ?? '';
    await picture(page, 'codes');
    await page.getByLabel('Code', { exact: true }).fill('000000');
    await press(page, 'Turn on');
    await page.getByText('The code is not right').waitFor();
    await page.getByLabel('Code', { exact: true }).fill(nextCode());
    await press(page, 'Turn on');
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor();
    const text = (await page.getByRole('dialog').textContent()) ?? '';
    recovery = text.match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g) ?? [];
    assert.equal(recovery.length, 10);
    assert.deepEqual(await seriousFindings(page), []);
    await press(page, 'I have kept them');
    await page.getByText('10 recovery codes are left.').waitFor();
    await leave(page);
    await enter(page, 'olga');
    await page.getByText('Your password is right.').waitFor();
    await picture(page, 'sign-in-code');
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByLabel('Code', { exact: true }).fill(nextCode());
    await press(page, 'Sign in');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });

  it('adds a passkey and signs in by it without name and password', async () => {
    const { page } = here;
    await page.goto(`${door.url}/account`);
    await press(page, 'Add a passkey');
    await page.getByLabel('Name of the passkey').fill('my laptop');
    await press(page, 'Go on');
    await page.getByRole('list', { name: 'Passkeys' }).getByText('my laptop').waitFor();
    await page.getByText('works here').waitFor();
    await picture(page, 'account');
    assert.deepEqual(await seriousFindings(page), []);
    await leave(page);
    await press(page, 'Sign in by a passkey');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await leave(page);
    await enter(page, 'olga');
    await press(page, 'Use a passkey');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    const rows = await door.house.stores.audit.page({ limit: 10 });
    assert.ok(rows.some(({ detail }) => JSON.stringify(detail).includes('"how":"passkey"')));
  });

  it('is asked once more before what is dangerous, and what was begun then goes on', async () => {
    const { page } = here;
    later(6 * MINUTE);
    await page.goto(`${door.url}/domains/second.test`);
    await press(page, 'Remove the domain');
    const ask = page.getByRole('dialog', { name: 'Remove second.test?' });
    await ask.getByRole('button', { name: 'Remove', exact: true }).click();
    const prove = page.getByRole('dialog', { name: 'Is it you?' });
    await prove.waitFor();
    await picture(page, 'prove');
    assert.deepEqual(await seriousFindings(page), []);
    assert.equal(await prove.getByLabel('Your password', { exact: true }).count(), 0, 'that alone would not do');
    await prove.getByLabel('Code', { exact: true }).fill('000000');
    await prove.getByRole('button', { name: 'Go on' }).click();
    await prove.getByText('The code is not right').waitFor();
    assert.ok(door.house.house.domains().includes('second.test'), 'nothing was done yet');
    await prove.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('second.test is no longer served.', { exact: true }).waitFor();
    assert.ok(!door.house.house.domains().includes('second.test'));
  });

  it('who says that it is not them changes nothing', async () => {
    const { page } = here;
    later(6 * MINUTE);
    await page.goto(`${door.url}/administrators`);
    await press(page, 'Invite an administrator');
    await page.getByLabel('Name to sign in by').fill('nobody');
    await press(page, 'Make the link');
    const prove = page.getByRole('dialog', { name: 'Is it you?' });
    await prove.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Nothing was done: show once more that it is you.').waitFor();
    assert.equal(await door.house.stores.admins.find('nobody'), undefined);
  });

  it('invites somebody for the help desk, who then sees people and nothing else', async () => {
    const { page } = here;
    await page.goto(`${door.url}/administrators`);
    await press(page, 'Invite an administrator');
    await page.getByLabel('Name to sign in by').fill('hal');
    await page.getByRole('radio', { name: /Help desk/ }).check();
    await picture(page, 'administrator-invite');
    await press(page, 'Make the link');
    const prove = page.getByRole('dialog', { name: 'Is it you?' });
    await prove.getByLabel('Code', { exact: true }).fill(recovery[0] ?? '');
    await prove.getByRole('button', { name: 'Go on' }).click();
    const link = page.getByText(/\/reset#/).first();
    await link.waitFor();
    const code = /#([0-9A-Z-]+)/.exec((await link.textContent()) ?? '')?.[1] ?? '';
    await press(page, 'Done');
    await page.getByRole('list', { name: 'Administrators' }).getByText('Invited').waitFor();
    await picture(page, 'administrators');
    assert.deepEqual(await seriousFindings(page), []);

    const { page: other } = phone;
    await other.goto(`${door.url}/reset#${code}`);
    await other.getByRole('heading', { name: 'Welcome, hal' }).waitFor();
    await picture(other, 'administrator-welcome');
    await other.getByLabel('New password', { exact: true }).fill('another long passphrase');
    await other.getByRole('button', { name: 'Set password and sign in' }).click();
    await other.getByRole('heading', { name: 'People', exact: true }).waitFor();
    assert.equal(await other.getByRole('button', { name: 'Create a person' }).count(), 0);
    await other.getByRole('button', { name: 'Open the menu' }).click();
    const places = await other.getByRole('navigation').getByRole('link').allTextContents();
    assert.deepEqual(
      places.map((one) => one.trim()),
      ['People'],
    );
    await picture(other, 'help-desk-phone-dark');

    // The same page for a password that was lost, when the code is typed.
    const reset = await door.house.commands.admins.resetCode({ name: 'root', door: 'cli' }, 'hal');
    await other.goto(`${door.url}/reset`);
    await other.getByLabel('One-time code').fill('aaaa-bbbb-cccc');
    await other.getByRole('button', { name: 'Go on' }).click();
    await other.getByText('The code is not right').waitFor();
    await other.getByLabel('One-time code').fill(reset.code.toLowerCase());
    await other.getByRole('button', { name: 'Go on' }).click();
    await other.getByRole('heading', { name: 'Hello, hal' }).waitFor();
    await other.getByLabel('New password', { exact: true }).fill('short');
    await other.getByRole('button', { name: 'Set password and sign in' }).click();
    await other.getByText('Use at least 10 characters.').first().waitFor();
    await other.getByLabel('New password', { exact: true }).fill('another long passphrase');
    await other.getByRole('button', { name: 'Set password and sign in' }).click();
    await other.getByRole('heading', { name: 'People', exact: true }).waitFor();
    await other.goto(`${door.url}/settings`);
    await other.getByRole('heading', { name: 'This is not for your role' }).waitFor();
    assert.deepEqual(await seriousFindings(other), []);
    await other.goto(`${door.url}/account`);
    await other.getByText('this browser').waitFor();
    await picture(other, 'account-phone-dark');
    assert.deepEqual(await seriousFindings(other), []);
    const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    assert.equal(await other.evaluate(wide), 0, 'nothing sticks out at 390 px');
  });

  it('signs somebody out who then must sign in again', async () => {
    const { page } = here;
    await page.goto(`${door.url}/administrators`);
    await press(page, 'Actions for hal');
    await page.getByRole('menuitem', { name: 'Where signed in' }).click();
    await press(page, 'Sign out everywhere');
    await eventually(async () => {
      assert.equal((await door.house.commands.administrators.sessions('hal')).length, 0);
    });
    await phone.page.goto(`${door.url}/people`);
    await phone.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('says why there are no passkeys where the panel is opened by an IP address', async () => {
    const { page } = phone;
    const url = door.url.replace('localhost', '127.0.0.1');
    await page.goto(`${url}/sign-in`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sign in by a passkey' }).count(), 0);
    await page.getByLabel('Name', { exact: true }).fill('hal');
    await page.getByLabel('Password', { exact: true }).fill('another long passphrase');
    await press(page, 'Sign in');
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor();
    await page.goto(`${url}/account`);
    await page.getByText('this page was opened by an IP address').waitFor();
  });

  it('had nothing to complain about', () => {
    assert.deepEqual([...here.complaints, ...phone.complaints], []);
  });
});
