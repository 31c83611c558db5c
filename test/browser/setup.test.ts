import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

describe('the first run in a browser', { skip: noBrowser, timeout: 120_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true });
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('leads from the claimed house through the steps, which can be left and taken up again', async () => {
    const { page } = here;
    await page.goto(`${door.url}/`);
    await page.getByLabel('Claim code').fill(await door.code());
    await page.getByLabel('Your name').fill('olga');
    await page.getByLabel('Password', { exact: true }).fill('a long enough passphrase');
    await page.getByRole('button', { name: 'Start using Hallway' }).click();
    await page.getByRole('link', { name: 'Set up step by step: 4 steps left' }).click();
    await page.getByRole('heading', { name: 'Domain', exact: true }).waitFor();
    await page.getByText('example.test', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Done, go on' }).click();
    await page.getByRole('heading', { name: 'How people reach the server' }).waitFor();
    await page.getByRole('button', { name: 'Later' }).click();
    await page.getByRole('heading', { name: 'Certificate', exact: true }).waitFor();
    // Another day, at the first that is left.
    await page.goto(`${door.url}/setup`);
    await page.getByRole('heading', { name: 'How people reach the server' }).waitFor();
    await page.getByRole('button', { name: 'Done, go on' }).click();
    await page.getByRole('heading', { name: 'Certificate', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Done, go on' }).click();
    await page.getByRole('heading', { name: 'First people' }).waitFor();
    assert.equal((await door.house.commands.setup.get()).left, 1);
    await picture(page, 'setup-people');
  });

  it('is done when there is somebody, and one step can be opened again', async () => {
    const { page } = here;
    const by = { name: 'olga', door: 'panel' } as const;
    await door.house.commands.accounts.create(by, 'example.test', { local: 'juliet', generate: true });
    await page.goto(`${door.url}/setup`);
    await page.getByText('All is set up').waitFor();
    await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: 'Certificate' }).click();
    await page.getByRole('button', { name: 'Not done yet' }).click();
    await page.getByRole('button', { name: 'Done, go on' }).waitFor();
    await eventually(async () => assert.equal((await door.house.commands.setup.get()).left, 1));
  });

  it('is accessible and fits, wide and narrow', async () => {
    const { page } = here;
    const findings: string[] = [];
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 860 });
      for (const step of ['domain', 'reach', 'certificate', 'people']) {
        await page.goto(`${door.url}/setup?step=${step}`);
        await page.locator('#step-title').waitFor();
        findings.push(...(await seriousFindings(page)));
        const over = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
        if (over > 0) findings.push(`${step} is ${over} pixels too wide at ${width}`);
        await picture(page, `setup-${step}-${width}`);
      }
    }
    assert.deepEqual(findings, []);
    assert.deepEqual(here.complaints, []);
  });
});
