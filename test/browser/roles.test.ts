// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Appliance } from '../support/appliance.ts';
import { chooseOfMine, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const PASSWORD = 'a long enough passphrase';
const ROLES = ['admin', 'help-desk', 'auditor'] as const;
type Role = (typeof ROLES)[number];

const OWN = ['Current password', 'Show password', 'New password', 'Change password', 'Set up codes', 'Add a passkey'];
const FIND = ['Search people', 'Department', 'Status', 'Order', 'The first first'];

/** Everything that can be pressed, chosen or typed into by who may not administer: what is new is to be thought about. */
const OFFERED: Readonly<Partial<Record<Role, readonly string[]>>> = {
  'help-desk': [...OWN, ...FIND, 'Choose all on this page', 'Choose Juliet', 'Actions for Juliet'],
  auditor: [
    ...OWN,
    ...FIND,
    // To read what people said, with a reason.
    ...[
      'Why do you read it?',
      'People',
      'With whom',
      'In this room',
      'Words',
      'From the day',
      'Up to the day',
      'Search',
    ],
    ...['What to export', 'Why is it exported?', 'Export', 'Read what was said'],
    // To find and look at what is there.
    ...['Retired names', 'Search rooms', 'Search members', 'Search servers', 'Also those who only claimed a name'],
    ...['Link from a chat', 'Find', 'Search by name or address', 'Find a setting', 'Span of time', 'Later'],
    ...['Pause', 'Show', 'Only entries with this text', 'Who', 'What', 'To whom or what'],
    ...['A seal that you noted (may be empty)', 'Check the log'],
    ...['Look again', 'BIND, and most others', 'Unbound', 'dnsmasq', 'Windows DNS'],
  ],
};
/** To take along what one sees, or to see who changed it. */
const HARMLESS = /^(?:Copy|Changes of) /;

/** The names of all that is not disabled. */
const CONTROLS = `[...document.querySelectorAll('#content :is(button, input, select, textarea)')]
  .filter((one) => !one.matches(':disabled') && !one.matches('[aria-hidden=true]'))
  .map((one) => one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent)
  .map((name) => name.trim().replace(/\\s+/g, ' '))`;

describe('the panel of each role', { skip: noBrowser, timeout: 240_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  const visits = new Map<string, Visit>();

  const settled = async (page: Page) => {
    await page.locator('#content h1').first().waitFor();
    await page.waitForFunction("document.querySelector('#content .animate-pulse') === null");
  };

  before(async () => {
    appliance = await Appliance.start({ more: '[scram]\niterations = 4096' });
    browser = await openBrowser();
    const { local } = appliance;
    const owner = await visit(browser);
    await owner.page.goto(`${appliance.panel}/claim#${appliance.claimCode}`);
    await owner.page.getByLabel('Your name').fill('olga');
    await owner.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await owner.page.getByRole('button', { name: 'Start using Hallway' }).click();
    await owner.page.getByRole('navigation', { name: 'Main' }).waitFor();
    visits.set('owner', owner);
    const params = { domain: 'example.test' };
    await local.call('POST /api/domains/:domain/accounts', {
      params,
      body: { local: 'juliet', password: PASSWORD, name: 'Juliet' },
    });
    await local.call('POST /api/domains/:domain/rooms', {
      params,
      body: { name: 'garden', owner: 'juliet@example.test', title: 'Garden' },
    });
    await local.call('POST /api/domains/:domain/departments', { params, body: { name: 'Sales' } });
    await local.call('POST /api/domains/:domain/invitations', { params, body: {} });
    await local.call('PUT /api/federation/rules/:pattern', {
      params: { pattern: 'verona.test' },
      body: { verdict: 'allow' },
    });
    for (const role of ROLES) {
      const { link } = await local.call('POST /api/admins', { body: { name: `my-${role}`, role } });
      const here = await visit(browser, { bypassCSP: true });
      await here.page.goto(`${appliance.panel}/reset#${link.code}`);
      await here.page.getByLabel('New password', { exact: true }).fill(PASSWORD);
      await here.page.getByRole('button', { name: 'Set password and sign in' }).click();
      await here.page.getByRole('navigation', { name: 'Main' }).waitFor();
      visits.set(role, here);
    }
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  for (const role of ROLES) {
    it(`${role}: every page of the menu, and those below, opens without a refusal`, async () => {
      const { page } = visits.get(role)!;
      const refused: string[] = [];
      page.on('response', (answer) => {
        const { pathname } = new URL(answer.url());
        if (answer.status() >= 400) refused.push(`${new URL(page.url()).pathname}: ${answer.status()} ${pathname}`);
      });
      const hrefs = (links: string) =>
        page
          .locator(links)
          .evaluateAll((all) => all.map((link) => new URL((link as unknown as { href: string }).href).pathname));
      const offered = new Set<string>();
      const look = async (path: string) => {
        await page.goto(`${appliance.panel}${path}`);
        await settled(page);
        for (const alert of await page.getByRole('alert').allTextContents()) refused.push(`${path}: ${alert}`);
        for (const title of await page.getByText('This is not for your role').allTextContents())
          refused.push(`${path}: ${title}`);
        for (const name of (await page.evaluate(CONTROLS)) as string[]) offered.add(name);
      };
      const menu = await hrefs('nav a[href]');
      const below = new Set<string>();
      for (const path of [...new Set(menu), '/account']) {
        await look(path);
        for (const found of await hrefs('#content a[href^="/"]'))
          if (!menu.includes(found) && !/^\/(?:api|trust|chat)/.test(found)) below.add(found);
      }
      for (const path of below) await look(path);
      assert.deepEqual(refused, []);
      assert.ok(menu.length + below.size >= (role === 'help-desk' ? 2 : 20), [...menu, ...below].join(' '));
      const mine = OFFERED[role];
      const more = [...offered].filter((name) => !mine?.includes(name) && !HARMLESS.test(name));
      if (mine !== undefined) assert.deepEqual(more, []);
    });
  }

  it('the menu of oneself works by the keyboard alone, and says what it is', async () => {
    const { page } = visits.get('auditor')!;
    await page.goto(`${appliance.panel}/figures`);
    await settled(page);
    const trigger = page.getByRole('button', { name: 'Account: my-auditor Auditor' });
    await trigger.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    const checked = page.getByRole('menuitemradio', { checked: true });
    assert.deepEqual(
      (await checked.allTextContents()).map((one) => one.trim()),
      ['Like the system', 'English'],
    );
    assert.deepEqual(await seriousFindings(page), []);
    await page.getByRole('menuitemradio', { name: 'Dark' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction("document.documentElement.classList.contains('dark')");
    await page.getByRole('menuitemradio', { name: 'Dark', checked: true }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await picture(page, 'account-menu');
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    // Back where one was.
    await page.waitForFunction("document.activeElement?.textContent.startsWith('Account:')");
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: 'Open the menu' }).click();
    await chooseOfMine(page, 'Your account');
    await page.getByRole('heading', { name: 'Your account' }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Open the menu' }).click();
    await page.getByRole('button', { name: /^Account:/ }).click();
    await page.getByRole('menu').waitFor();
    await picture(page, 'account-menu-phone');
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal((await page.request.get(`${appliance.panel}/api/account`)).status(), 401);
  });

  it('gave the browsers nothing to complain about', () => {
    assert.deepEqual(
      [...visits.values()].flatMap(({ complaints }) => complaints),
      [],
    );
  });
});
