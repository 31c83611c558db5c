import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { Appliance } from '../support/appliance.ts';
import { authority } from '../support/authority.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const PASSWORD = 'a long enough passphrase';
const STEPS = ['domain', 'reach', 'certificate', 'people'] as const;

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const step = (page: Page, name: string) => page.getByRole('heading', { name, exact: true }).waitFor();

describe('the first run in a browser', { skip: noBrowser, timeout: 240_000 }, () => {
  let appliance: Appliance;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    [browser, appliance] = await Promise.all([
      openBrowser(),
      // A DNS that nobody answers at, at once.
      Appliance.start({ more: '[dns]\nservers = ["127.0.0.1:9"]' }),
    ]);
    here = await visit(browser, { bypassCSP: true });
  });
  after(async () => {
    await browser?.close();
    await appliance?.[Symbol.asyncDispose]();
  });

  it('says at each field what is wrong with it, before the house is claimed', async () => {
    const { page } = here;
    /** What stands at a field, as a screen reader has it. */
    const said = async (label: string) => {
      const field = page.getByLabel(label, { exact: true });
      await eventually(async () => assert.equal(await field.getAttribute('aria-invalid'), 'true', label));
      const ids = ((await field.getAttribute('aria-describedby')) ?? '').split(' ').filter(Boolean);
      return (await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()))).join(' ');
    };
    await page.goto(`${appliance.panel}/`);
    await press(page, 'Start using Hallway');
    assert.match(await said('Claim code'), /Enter the code/);
    assert.match(await said('Your name'), /Choose a name/);
    assert.match(await said('Password'), /at least 10/);
    await picture(page, 'claim-empty');
    await page.getByLabel('Claim code').fill(appliance.claimCode);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Your name').fill('olga of the office');
    await press(page, 'Start using Hallway');
    assert.match(await said('Your name'), /without spaces/);
    await page.getByLabel('Your name').fill('olga');
    for (const [wrong, says] of [
      ['', /Enter what/],
      ['192.0.2.1', /address of a machine/],
      ['no domain', /no spaces/],
    ] as const) {
      await page.getByLabel('Addresses end in').fill(wrong);
      await press(page, 'Start using Hallway');
      await eventually(async () => assert.match(await said('Addresses end in'), says));
    }
    await page.getByLabel('Addresses end in').fill('example.test');
    await page.getByLabel('Password', { exact: true }).fill('password1234');
    await press(page, 'Start using Hallway');
    assert.match(await said('Password'), /Many people choose/);
    // None of these has used the code up.
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(page, 'Start using Hallway');
    await step(page, 'Domain');
  });

  it('takes another domain as long as nobody has an address', async () => {
    const { page } = here;
    await page.getByText('juliet@example.test').waitFor();
    await page.getByLabel('Another one instead').fill('no domain');
    await press(page, 'Take this one');
    await page.getByText('A domain has no spaces.').waitFor();
    await page.getByLabel('Another one instead').fill('Office.test');
    await press(page, 'Take this one');
    await page.getByText('juliet@office.test').waitFor();
    await page.getByText('A name like this one is known in your own network only').waitFor();
    const { domains } = await appliance.local.call('GET /api/domains', {});
    assert.deepEqual(
      domains.map(({ name }) => name),
      ['office.test'],
    );
    // Nobody has fetched the authority yet, so nothing of the domain from before is left in it.
    const { authority: own } = await appliance.local.call('GET /api/certificates', {});
    assert.deepEqual(own?.names, ['localhost', 'office.test']);
    await press(page, 'Done, go on');
  });

  it('says what to put into the DNS, for the server that is used there', async () => {
    const { page } = here;
    await step(page, 'How people reach the server');
    // Nothing of the DNS before it is said what it is for.
    await page.getByText('From where shall people reach the server?').waitFor();
    assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /_xmpp|host-meta/);
    await page.getByRole('radio', { name: 'From the internet, too' }).check();
    await page.getByText('office.test is no domain of the internet').waitFor();
    assert.doesNotMatch((await page.locator('main').textContent()) ?? '', /_xmpp/);
    await picture(page, 'setup-reach-nowhere');
    await page.getByRole('radio', { name: 'Only in the office' }).check();
    await page.getByText('_xmpp-client._tcp.office.test.').first().waitFor();
    await page.getByRole('radio', { name: 'dnsmasq' }).check();
    await page.getByText('srv-host=_xmpp-client._tcp.office.test').first().waitFor();
    await page.getByText('Then people type this into their app once').waitFor();
    const folded = page.getByRole('list', { name: 'Records' });
    assert.equal(await folded.isVisible(), false);
    await page.getByText('For those who want to know more').click();
    await folded.waitFor();
    await press(page, 'Later');
    await step(page, 'Certificate');
  });

  it('decides the certificate in place: the own authority, one from a file, or ACME', async () => {
    const { page } = here;
    await page.getByRole('img', { name: 'Address of the page for devices' }).waitFor();
    await page.getByRole('radio', { name: /^From Let’s Encrypt/ }).check();
    await press(page, 'Get it by ACME');
    await press(page, 'Save');
    await page.getByText('only to who agrees to its terms').waitFor();
    await picture(page, 'setup-acme');
    await page.keyboard.press('Escape');

    const root = authority('Root of the office');
    const one = root.issue({ dns: ['office.test', '*.office.test'] });
    await page.getByRole('radio', { name: 'From a file that we have or get' }).check();
    await press(page, 'We have it');
    await page.getByLabel('Certificate with its chain (PEM)').fill(one.chainPem);
    await page.getByLabel('Private key (PEM)').fill(root.issue({ dns: ['office.test'] }).keyPem);
    await press(page, 'Look at it');
    await page.getByText('The key does not fit the certificate').waitFor();
    await page.getByLabel('Private key (PEM)').fill(one.keyPem);
    await press(page, 'Look at it');
    await page.getByText('It would do.').waitFor();
    await press(page, 'Show it from now on');
    await page.getByText('Now it comes from: Brought by an administrator').waitFor();

    await page.getByRole('radio', { name: /^From the authority that this server has/ }).check();
    await press(page, 'Back to the own authority');
    await press(page, 'Show one of our own');
    await page.getByText('Now it comes from: This house’s own authority').waitFor();
    await press(page, 'Done, go on');
    await step(page, 'First people');
  });

  it('is taken up in another browser where it was left, and ends with what is to be done next', async () => {
    const other = await visit(browser);
    const { page } = other;
    await page.goto(`${appliance.panel}/setup`);
    await page.getByLabel('Name', { exact: true }).fill('olga');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press(page, 'Sign in');
    await step(page, 'How people reach the server');
    await eventually(async () => assert.ok(await page.getByRole('radio', { name: 'Only in the office' }).isChecked()));
    await page.getByText('_xmpp-client._tcp.office.test.').first().waitFor();
    await press(page, 'Done, go on');
    await step(page, 'First people');

    await press(page, 'Invite somebody');
    await press(page, 'Make the link');
    await page.getByRole('img', { name: 'The link as a QR code' }).waitFor();
    await press(page, 'Done');
    await page.goto(`${appliance.panel}/setup`);
    await step(page, 'First people');
    await press(page, 'Create a person');
    await page.getByLabel('Name', { exact: true }).fill('Juliet');
    await press(page, 'Create');
    // The password is shown only once: that all is done now must not take it away.
    await page.getByRole('heading', { name: 'juliet@office.test is ready' }).waitFor();
    await eventually(async () => {
      assert.equal((await appliance.local.call('GET /api/setup', {})).left, 0);
    });
    await page.getByText('A note to hand over').waitFor();
    await press(page, 'Done');
    await step(page, 'All is set up');
    await page.getByRole('link', { name: /^Backups/ }).waitFor();
    await picture(page, 'setup-done');
    assert.deepEqual(other.complaints, []);
    await other.context.close();

    const own = here.page;
    await own.goto(`${appliance.panel}/setup?step=certificate`);
    await press(own, 'Not done yet');
    await own.getByRole('button', { name: 'Done, go on' }).waitFor();
    assert.equal((await appliance.local.call('GET /api/setup', {})).left, 1);
  });

  for (const [look, locale] of [
    ['light', 'en'],
    ['dark', 'de'],
  ] as const) {
    it(`is accessible and fits, wide and narrow: ${look}, ${locale}`, async () => {
      const cookies = await here.context.cookies();
      const { page, context, complaints } = await visit(browser, { bypassCSP: true, colorScheme: look, locale });
      await context.addCookies(cookies);
      const findings: string[] = [];
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 860 });
        for (const name of STEPS) {
          await page.goto(`${appliance.panel}/setup?step=${name}`);
          await page.locator('#step-title').waitFor();
          // Nothing of it is on its way any more.
          await page.waitForFunction("!document.querySelector('main [aria-busy=true], main .animate-pulse')");
          findings.push(...(await seriousFindings(page)));
          const over = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
          if (over > 0) findings.push(`${name} is ${over} pixels too wide at ${width}`);
          await picture(page, `setup-${name}-${look}-${width}`);
        }
      }
      assert.deepEqual(findings, []);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
