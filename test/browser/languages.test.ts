import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import { Appliance } from '../support/appliance.ts';
import { chooseOfMine, noBrowser, openBrowser, picture, type Visit, visit } from './panel-kit.ts';

/** Words without which hardly an English sentence does, and no German one has. */
const ENGLISH =
  /\b(the|and|of|is|are|has|you|your|with|not|who|whom|what|this|that|they|their|people|rooms|settings|none|never|everybody|nobody|days|minutes|for|to|by|from)\b/i;
/** A gap that nothing has filled, or a form that was not chosen. */
const RAW = /\{\w+\}| \| /;
const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 844 } };

/** All that is shown, read out or said on hovering, line by line; not what is typed or read by machines. */
async function words(page: Page): Promise<string[]> {
  const all = (await page.evaluate(`[
    document.title,
    ...[...document.querySelectorAll('[aria-label], [title], [placeholder]')]
      .flatMap((one) => ['aria-label', 'title', 'placeholder'].map((name) => one.getAttribute(name) ?? '')),
    ...(() => {
      const machine = [...document.querySelectorAll('code, .font-mono, select[aria-label=Sprache]')];
      for (const one of machine) one.style.display = 'none';
      const text = document.body.innerText;
      for (const one of machine) one.style.display = '';
      return text.split('\\n');
    })(),
  ]`)) as string[];
  // Names of hosts, addresses and programs are the same everywhere.
  return all.map((line) => line.replaceAll(/\S*[@./]\S*\w|“[^”]*”|„[^“]*“/g, '…').trim()).filter((line) => line !== '');
}

describe('the panel in another language', { skip: noBrowser, timeout: 180_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;
  let places: string[];

  const settled = async (page: Page) => {
    await page.locator('#content h1').first().waitFor();
    await page.locator('#content .animate-pulse').first().waitFor({ state: 'detached' });
  };

  before(async () => {
    appliance = await Appliance.start({ more: '[scram]\niterations = 4096' });
    browser = await openBrowser();
    here = await visit(browser, { locale: 'de-AT' });
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  it('is that of the browser, before anything is painted', async () => {
    const { page } = here;
    await page.goto(`${appliance.panel}/claim#${appliance.claimCode}`);
    await page.getByRole('heading', { name: 'Willkommen bei Hallway' }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'de');
    assert.equal(await page.title(), 'Einrichten · Hallway');
    await page.getByLabel('Ihr Name').fill('Olga Berg');
    await page.getByLabel('Passwort', { exact: true }).fill('kurz');
    await page.getByRole('button', { name: 'Hallway benutzen' }).click();
    await page.getByText(/^Mindestens \d+ Zeichen, bitte\.$/).waitFor();
    await page.getByText(/^Ein Anmeldename besteht aus Buchstaben/).waitFor();
    await page.getByLabel('Ihr Name').fill('olga');
    await page.getByLabel('Passwort', { exact: true }).fill('ein ausreichend langer Satz');
    await page.getByRole('button', { name: 'Hallway benutzen' }).click();
    await page.getByRole('navigation', { name: 'Hauptmenü' }).waitFor();
  });

  it('tells what the server says in it, too: refusals and settings', async () => {
    const { page } = here;
    await page.goto(`${appliance.panel}/people?new`);
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Julia Capulet');
    await dialog.getByRole('button', { name: 'Anlegen' }).click();
    await page.getByRole('button', { name: 'Fertig' }).click();
    await page.goto(`${appliance.panel}/people?new`);
    await dialog.getByLabel('Name', { exact: true }).fill('Julia Capulet');
    await dialog.getByRole('button', { name: 'Anlegen' }).click();
    await dialog.getByText('Es gibt schon jemanden mit der Adresse julia.capulet@example.test.').waitFor();
    await page.goto(`${appliance.panel}/settings`);
    await page.getByRole('heading', { name: 'Push-Benachrichtigungen' }).waitFor();
    await appliance.local.call('POST /api/domains/:domain/rooms', {
      params: { domain: 'example.test' },
      body: { name: 'garten', owner: 'julia.capulet@example.test', title: 'Garten' },
    });
  });

  it('is on every page that the menu leads to, and on those below', async () => {
    const { page } = here;
    const hrefs = (links: string) =>
      page
        .locator(links)
        .evaluateAll((all) => all.map((link) => new URL((link as unknown as { href: string }).href).pathname));
    await page.goto(`${appliance.panel}/`);
    await settled(page);
    places = [...new Set(await hrefs('nav a[href]')), '/account', '/no/such/page'];
    for (const path of ['/people', '/rooms', '/domains']) {
      await page.goto(`${appliance.panel}${path}`);
      await settled(page);
      const below = (await hrefs('#content a[href^="/"]')).find((one) => one.startsWith(`${path}/`));
      assert.ok(below, path);
      places.push(below);
    }
    const wrong: string[] = [];
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const path of places) {
        await page.goto(`${appliance.panel}${path}`);
        await settled(page);
        const wider = Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
        if (wider > 0) wrong.push(`${path} is ${wider} px too wide, ${size}`);
        if (size === 'wide') {
          const found = (await words(page)).filter((line) => ENGLISH.test(line) || RAW.test(line));
          wrong.push(...new Set(found.map((line) => `${path}: ${line}`)));
        }
        await picture(page, `german-${path.replaceAll(/\W+/g, '-')}-${size}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('can be chosen instead, is remembered in this browser, and held in the next page', async () => {
    const { page } = here;
    await page.setViewportSize(SIZES.wide);
    await page.goto(`${appliance.panel}/people`);
    await chooseOfMine(page, 'English');
    await page.getByRole('heading', { name: 'People', exact: true }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await page.goto(`${appliance.panel}/rooms`);
    await page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor();
    await chooseOfMine(page, 'Deutsch');
    await page.getByRole('heading', { name: 'Räume', exact: true }).waitFor();
  });

  it('is not one that there is none of: then it is English', async () => {
    const other = await visit(browser, { locale: 'tlh' });
    await other.page.goto(`${appliance.panel}/sign-in`);
    await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await other.context.close();
  });

  it('gave the browser nothing to complain about', () => {
    assert.deepEqual(here.complaints, []);
  });
});
