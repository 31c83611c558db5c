// Builds the panel when it is older than its sources, as the start of the server does.
import '../../admin-ui/build-if-stale.ts';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Appliance } from '../support/appliance.ts';
import { everyFinding, noBrowser, openBrowser, picture, type Visit, visit } from './panel-kit.ts';

const ADMIN = { name: 'olga', password: 'a long enough passphrase' };
const DOMAINS = ['example.test', 'verona.test'];
const PEOPLE = 2_000;
const NASTY = '<img src=x onerror="document.title=1">';
const SIZES = { wide: { width: 1280, height: 860 }, narrow: { width: 390, height: 844 } };

describe('every page of the panel, at a house of two domains and 2,000 people', {
  skip: noBrowser,
  timeout: 420_000,
}, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;
  /** Every place that the menu leads to, and one of each kind below them. */
  let places: string[];

  const complaints = () => here.complaints.join('; ');
  const settled = async (page: Page) => {
    await page
      .locator('#content h1')
      .first()
      .waitFor()
      .catch(() => assert.fail(`${page.url()} has no heading: ${complaints()}`));
    await page.waitForFunction("document.querySelector('#content .animate-pulse') === null");
  };
  const goTo = async (path: string) => {
    await here.page.goto(`${appliance.panel}${path}`);
    await settled(here.page);
  };

  before(async () => {
    appliance = await Appliance.start({ more: '[scram]\niterations = 4096' });
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true });
    const { page } = here;
    await page.goto(`${appliance.panel}/claim#${appliance.claimCode}`);
    await page.getByLabel('Your name').fill(ADMIN.name);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await appliance.local.call('POST /api/domains', { body: { name: DOMAINS[1]! } });
    let next = 0;
    const worker = async () => {
      for (let n = next++; n < PEOPLE; n = next++) {
        await appliance.local.call('POST /api/domains/:domain/accounts', {
          params: { domain: DOMAINS[n % 2]! },
          body: { local: `user${n}`, password: 'a long enough passphrase', name: n === 0 ? NASTY : `Person ${n}` },
        });
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    const owner = `user0@${DOMAINS[0]}`;
    await appliance.local.call('POST /api/domains/:domain/rooms', {
      params: { domain: DOMAINS[0]! },
      body: { name: 'garden', owner, title: NASTY },
    });
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  it('are found by the menu, and by what they list', async () => {
    const { page } = here;
    await goTo('/');
    const hrefs = (links: string) =>
      page
        .locator(links)
        .evaluateAll((all) => all.map((link) => new URL((link as unknown as { href: string }).href).pathname));
    const menu = [...new Set(await hrefs('nav a[href]')), '/account'];
    // Of a hundred people one is enough.
    const shapes = new Set<string>();
    places = [...menu];
    // What is found is looked through as well.
    for (const path of places) {
      await goTo(path);
      for (const found of await hrefs('#content a[href^="/"]')) {
        const shape = found.split('/').slice(0, 2).join('/') + found.split('/').length;
        // What devices are shown is a page of the server's own, and has scenes of its own.
        if (menu.includes(found) || found.startsWith('/api/') || found === '/trust' || shapes.has(shape)) continue;
        shapes.add(shape);
        places.push(found);
      }
    }
    assert.ok(menu.length > 12, menu.join(' '));
    for (const one of ['/people/', '/rooms/', '/domains/', `/domains/${DOMAINS[0]}/dns`]) {
      assert.ok(
        places.some((path) => path.startsWith(one)),
        `${one}: ${places.join(' ')}`,
      );
    }
  });

  for (const [size, viewport] of Object.entries(SIZES)) {
    it(`${size}: no finding of WCAG A and AA, light or dark, and nothing wider than the window`, async () => {
      const { page } = here;
      await page.setViewportSize(viewport);
      const wrong: string[] = [];
      for (const path of places) {
        await goTo(path);
        const wider = Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
        if (wider > 0) wrong.push(`${path} is ${wider} px too wide`);
        for (const theme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: theme });
          wrong.push(...(await everyFinding(page)));
          // One of each is enough to be looked at.
          if ((size === 'wide') === (theme === 'light'))
            await picture(page, `whole${path.replaceAll(/\W+/g, '-')}-${size}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  }

  it('gave the browser nothing to complain about', () => {
    assert.deepEqual(here.complaints, []);
  });
});
