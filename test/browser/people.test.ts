import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { eventually, noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const ADMIN = { name: 'olga', password: 'a long enough passphrase' };
const BY = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';
const NASTY = '<img src=x onerror="document.title=1">';

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

const rows = (page: Page) => page.getByRole('row').filter({ has: page.getByRole('link') });

describe('people in the panel', { skip: noBrowser, timeout: 180_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;

  before(async () => {
    door = await openPanelDoor();
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true });
    const { page } = here;
    await page.goto(`${door.url}/claim#${await door.code()}`);
    await page.getByLabel('Your name').fill(ADMIN.name);
    await page.getByLabel('Password', { exact: true }).fill(ADMIN.password);
    await press(page, 'Start using Hallway');
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    for (let n = 0; n < 60; n += 1) {
      const local = `user${String(n).padStart(2, '0')}`;
      await door.house.stores.accounts.create({ domain: DOMAIN, local, name: `Person ${60 - n}`, credentials: [] });
    }
  });
  after(async () => {
    await browser?.close();
    await door?.close();
  });

  it('is one question to the server for a page of the list, however it is ordered and filtered', async () => {
    const { page } = here;
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/api/people') || pathname.includes('/accounts')) asked.push(pathname);
    });
    await page.goto(`${door.url}/people`);
    await page.getByText('60 people').waitFor();
    assert.equal(await rows(page).count(), 25);
    assert.deepEqual(asked, ['/api/people'], 'and none for single people');
    await press(page, 'Next');
    await page.getByRole('link', { name: 'Person 35', exact: true }).waitFor();
    await page.getByLabel('Order').selectOption('name');
    await page.getByRole('link', { name: 'Person 1', exact: true }).waitFor();
    await press(page, 'The first first');
    await page.getByRole('link', { name: 'Person 9', exact: true }).waitFor();
    await page.getByLabel('Status', { exact: true }).selectOption('never');
    await page.getByText('60 people').waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Person 9', exact: true }).waitFor();
    assert.equal(await page.getByLabel('Order').inputValue(), 'name', 'and is found again by its address');
  });

  it('comes back to the page of the list that one went away from', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people`);
    await press(page, 'Next');
    await page.getByRole('link', { name: 'Person 35', exact: true }).click();
    await page.getByRole('heading', { name: 'Person 35' }).waitFor();
    await page.goBack();
    await page.getByRole('link', { name: 'Person 35', exact: true }).waitFor();
    await press(page, 'Previous');
    await page.getByRole('link', { name: 'Person 60', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: 'Person 60', exact: true }).waitFor();
  });

  it('takes a whole address of the house where a part of one is asked for, and spells umlauts out', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people?new`);
    const address = page.getByLabel('Address', { exact: true });
    await page.getByLabel('Name', { exact: true }).fill('Jörg Groß');
    assert.equal(await address.inputValue(), 'joerg.gross');
    await address.fill('joerg@elsewhere.test');
    await press(page, 'Create');
    await page.getByText('“elsewhere.test” is no domain of this server').waitFor();
    await address.fill(` Joerg@${DOMAIN.toUpperCase()} `);
    await press(page, 'Create');
    await page.getByRole('heading', { name: `joerg@${DOMAIN} is ready` }).waitFor();
    await door.house.commands.accounts.remove(BY, DOMAIN, 'joerg', `joerg@${DOMAIN}`);
  });

  it('does the same for several, and says what became of each', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people`);
    for (const name of ['Person 60', 'Person 59', 'Person 58'])
      await page.getByLabel(`Choose ${name}`, { exact: true }).check();
    await page.getByText('3 people chosen').waitFor();
    await picture(page, 'people-chosen');
    // One of them is gone meanwhile.
    await door.house.commands.accounts.remove(BY, DOMAIN, 'user02', `user02@${DOMAIN}`);
    await press(page, 'Disable');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('3 people chosen').waitFor();
    assert.ok(await page.getByLabel('Choose Person 60', { exact: true }).isChecked(), 'who was chosen stays so');
    await press(page, 'Disable');
    await page.getByLabel('Reason').fill('The office moves.');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Done for 2 of 3.').waitFor();
    await page.getByText('There is nobody with the address user02@example.test.').waitFor();
    await picture(page, 'people-results');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    assert.equal((await door.house.stores.accounts.find(DOMAIN, 'user00'))?.reason, 'The office moves.');

    await page.getByLabel('Choose all on this page').check();
    await page.getByText('25 people chosen').waitFor();
    await press(page, 'Delete');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText('Type how many people these are.').waitFor();
    await dialog.getByLabel('Type 25 to confirm').fill('25');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Done for 25 of 25.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('59 people').waitFor();
    assert.equal(
      await rows(page)
        .getByText(/^Deleted on/)
        .filter({ visible: true })
        .count(),
      25,
      'among everybody, and marked',
    );
    await page.getByLabel('Status', { exact: true }).selectOption('active');
    await page.getByText('34 people').waitFor();
    await page.getByLabel('Status', { exact: true }).selectOption('leaving');
    await page.getByLabel('Choose all on this page').check();
    await press(page, 'Bring back');
    await dialog.getByRole('button', { name: 'Bring back' }).click();
    await page.getByText('Done for 25 of 25.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('Nobody fits').waitFor();
  });

  it('chooses nobody of the list that is just being replaced', async () => {
    const { page } = here;
    await door.house.commands.accounts.disable(BY, DOMAIN, 'user50');
    await page.goto(`${door.url}/people`);
    const first = page.getByLabel('Choose Person 60', { exact: true });
    await first.waitFor();
    // The list of those who are disabled is long on its way.
    const [held, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route('**/api/people?**status=disabled**', async (route) => {
      held.resolve();
      await go.promise;
      await route.continue();
    });
    await page.getByLabel('Status', { exact: true }).selectOption('disabled');
    await held.promise;
    const { x, y, width, height } = (await first.boundingBox())!;
    await page.mouse.click(x + width / 2, y + height / 2);
    await page.evaluate('document.querySelector("tbody tr:nth-child(2) input").focus()');
    await page.keyboard.press('Space');
    go.resolve();
    await page.getByRole('link', { name: 'Person 10', exact: true }).waitFor();
    assert.equal(await page.getByText(/(person|people) chosen/).count(), 0);
    await page.unrouteAll({ behavior: 'wait' });
  });

  it('puts chosen people into a department, and lists its people', async () => {
    const { page } = here;
    await door.house.stores.departments.create(DOMAIN, 'Sales & <b>more</b>', '');
    await page.goto(`${door.url}/people`);
    for (const name of ['Person 57', 'Person 56']) await page.getByLabel(`Choose ${name}`, { exact: true }).check();
    await press(page, 'Department');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('Done for 2 of 2.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByLabel('Department', { exact: true }).selectOption({ label: 'Sales & <b>more</b>' });
    await page.getByText('2 people', { exact: true }).waitFor();
    await picture(page, 'people-department');
  });

  it('gives somebody a limit of their own, and shows when they are deleted and why they are disabled', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people/${DOMAIN}/user30`);
    await press(page, /^Actions for/);
    await page.getByRole('menuitem', { name: 'Space for files' }).click();
    await page.getByText('Their own limit').click();
    await page.getByLabel('Space', { exact: true }).fill('0 MB');
    await press(page, 'Save');
    await page.getByText('A size up to 10 TB, please, such as 500 MB or 1.5 GB.').waitFor();
    await page.getByLabel('Space', { exact: true }).fill('0,5 GB');
    await press(page, 'Save');
    await page.getByText('of 500 MB').waitFor();
    const { id } = (await door.house.stores.accounts.find(DOMAIN, 'user30'))!;
    assert.equal(await door.house.stores.quotas.files(id), 500_000_000);
    const file = {
      file: 'ab/cd',
      name: 'a',
      type: '',
      purpose: 'message',
      createdAt: 1,
      expiresAt: undefined,
    } as const;
    await door.house.stores.uploads.add('token', { ...file, account: id, bytes: 480_000_000 });
    await page.reload();
    await page.getByText('There is little space left for the files of Person 30.').waitFor();
    await page.getByText('Messages kept').waitFor();
    await picture(page, 'person-full');
    await door.house.commands.accounts.disable(BY, DOMAIN, 'user30', NASTY);
    await page.reload();
    await page.getByText(`Disabled: ${NASTY}`).waitFor();
    await door.house.commands.leaving.remove(BY, DOMAIN, 'user30', `user30@${DOMAIN}`);
    await page.reload();
    await page.getByText('This person cannot log in any more.').waitFor();
    await picture(page, 'person-leaving');
    await press(page, 'Bring back');
    await page.getByText(`Disabled: ${NASTY}`).waitFor();
  });

  it('imports people from a file once it has been shown what would be done, hands over a list, and takes it back', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people/import`);
    const csv = `Benutzername;Vorname;Nachname;Bemerkung\nanna;Ännchen;von Tharau;x\nbert;"${NASTY.replaceAll('"', '""')}";;x\nuser40;Other;Name;x\nno good;A;B;x\n`;
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles({ name: 'new people.csv', mimeType: 'text/csv', buffer: Buffer.from(csv, 'latin1') });
    await page.getByText('Ännchen von Tharau').waitFor();
    await page.getByText('A name cannot contain spaces.').waitFor();
    await page.getByText('There is somebody with this address already.').waitFor();
    assert.equal(await page.getByLabel('What is in the column Vorname').inputValue(), 'given');
    const start = page.getByRole('button', { name: 'Import 2 people' });
    assert.ok(await start.isDisabled(), 'while there are errors');
    await picture(page, 'import-check');
    await page.getByLabel('People who have an account here already').selectOption('skip');
    await page.getByText('Left alone').last().waitFor();
    await page.getByLabel('What is in the column Nachname').selectOption('ignore');
    await page.getByText('Ännchen von Tharau').waitFor({ state: 'detached' });
    await page.getByLabel('Leave out rows with errors').check();
    await start.click();
    const list = page.getByRole('region', { name: 'Imports' });
    await list.getByText('2 accounts made').waitFor();
    await picture(page, 'import-done');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      list.getByRole('button', { name: 'Save the list' }).click(),
    ]);
    const saved = await readFile(await download.path(), 'utf8');
    assert.match(saved, /anna@example\.test;Ännchen;(?:\w{4}-){3}\w{4}/);
    await list.getByRole('button', { name: 'Take back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await list.getByText('Taken back', { exact: true }).waitFor();
    await eventually(async () => assert.equal(await door.house.stores.accounts.find(DOMAIN, 'anna'), undefined));
    assert.equal((await door.house.stores.accounts.find(DOMAIN, 'user40'))?.name, 'Person 20');
  });

  it('says of what is pasted why it cannot be read', async () => {
    const { page } = here;
    await page.goto(`${door.url}/people/import`);
    await page.getByLabel('Or paste rows from a spreadsheet').fill('user\n"never closed');
    await press(page, 'Look at it');
    await page.getByText('A quotation mark is opened and never closed.').waitFor();
    await page.getByLabel('Or paste rows from a spreadsheet').fill('name\tthing\nAnna\tanna');
    await press(page, 'Look at it');
    await page.getByText('Say which column has the addresses.').waitFor();
    await page.getByLabel('What is in the column thing').selectOption('address');
    await page.getByText('anna@example.test').waitFor();
  });

  it('can be used on a phone and by everybody, light and dark', async () => {
    const findings: string[] = [];
    for (const [scheme, width] of [
      ['light', 1280],
      ['dark', 390],
      ['light', 390],
    ] as const) {
      const { page } = here;
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 860 });
      for (const [path, name] of [
        ['people', 'people-list'],
        ['people/import', 'import'],
      ] as const) {
        await page.goto(`${door.url}/${path}`);
        await page.locator('#content h1').waitFor();
        if (path === 'people') {
          await page.getByLabel('Choose all on this page').check();
          await page.getByText('25 people chosen').waitFor();
        } else {
          await page
            .getByLabel('Or paste rows from a spreadsheet')
            .fill('user,name\nromeo,Romeo Montague\nno good,B\n');
          await press(page, 'Look at it');
          await page.getByRole('heading', { name: 'What would be done' }).waitFor();
        }
        assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${path} at ${width}`);
        findings.push(...(await seriousFindings(page)));
        await picture(page, `${name}-${scheme}-${width}`);
      }
    }
    assert.deepEqual(findings, []);
    assert.deepEqual(here.complaints, []);
  });
});
