import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPanelDoor, type PanelDoor } from './panel-door.ts';
import { noBrowser, openBrowser, picture, seriousFindings, type Visit, visit } from './panel-kit.ts';

const DOMAIN = 'example.test';
const NASTY = '&lt;img src=x onerror="document.title=1"&gt; \u202eabc';
const PASSWORD = 'a long enough passphrase';

describe('the page Archive in a browser', { skip: noBrowser, timeout: 150_000 }, () => {
  let door: PanelDoor;
  let browser: Browser;
  let here: Visit;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-exports-'));
    door = await openPanelDoor(folder);
    const { stores, db, commands } = door.house;
    const people = ['juliet', 'romeo', 'nurse'];
    const ids = await Promise.all(
      people.map((local) => stores.accounts.create({ domain: DOMAIN, local, credentials: [] })),
    );
    const says = (id: number, from: number, to: number, text: string): void => {
      const [sender, recipient] = [from, to].map((n) => `${people[n]}@${DOMAIN}`) as [string, string];
      const stanza = `<message from='${sender}/desk' to='${recipient}' type='chat'><body>${text}</body></message>`;
      const entries = [
        { owner: ids[from]!.id, peer: recipient },
        { owner: ids[to]!.id, peer: sender },
      ];
      stores.archives.append(id, stanza, entries);
    };
    says(1_000, 0, 1, 'the invoice is late');
    says(1_001, 1, 0, NASTY);
    says(1_002, 0, 2, 'lunch at noon');
    await db.durable();
    await commands.departments.create({ name: 'olga', door: 'panel' }, DOMAIN, { name: 'Sales' });
    await commands.claim.claim({ code: await door.code(), name: 'olga', password: PASSWORD });
    browser = await openBrowser();
    here = await visit(browser, { bypassCSP: true, acceptDownloads: true });
    await enter(here.page);
  });
  after(async () => {
    await browser?.close();
    await door?.close();
    await rm(folder, { recursive: true });
  });

  async function enter(page: Page): Promise<void> {
    await page.goto(`${door.url}/sign-in`);
    await page.locator('input').first().fill('olga');
    await page.locator('input[type=password]').fill(PASSWORD);
    await page.locator('form button[type=submit]').click();
    await page.waitForURL((url) => url.pathname === '/');
  }

  it('says how long messages are kept, asks before that changes, and tells how many go', async () => {
    const { page } = here;
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Archive' }).click();
    await page.getByText('Messages are kept for ever.').waitFor();
    const kept = page.getByLabel('Kept', { exact: true });
    await kept.selectOption('days');
    for (const [typed, said] of [
      ['0', 'To keep nothing choose “Nothing is kept from now on”.'],
      ['99999', 'A whole number of days, 36,500 at most.'],
      ['', 'A whole number of days'],
    ] as const) {
      await page.getByLabel('Days', { exact: true }).fill(typed);
      await page.getByRole('button', { name: 'Change…' }).click();
      const field = page.getByLabel('Days', { exact: true });
      const hint = await field.getAttribute('aria-describedby');
      await page
        .locator(`[id="${hint?.split(' ')[0]}"]`)
        .getByText(said)
        .waitFor();
      assert.equal(await page.getByRole('dialog').count(), 0);
    }
    await page.getByLabel('Days', { exact: true }).fill('30');
    await page.getByRole('button', { name: 'Change…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('For all of example.test: Messages are kept for 30 days. 6 messages go for good.').waitFor();
    await picture(page, 'archive-change');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.getByLabel('Days', { exact: true }).fill('36500');
    await page.getByRole('button', { name: 'Change…' }).click();
    await dialog.getByText('Messages are kept for 36,500 days. No message is older than that now.').waitFor();
    await dialog.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByText('Messages are kept for 36,500 days.').waitFor();
    await page.getByLabel('For whom').selectOption('department');
    await page.getByLabel('Which department').selectOption('Sales');
    await kept.selectOption('nothing');
    await page.getByRole('button', { name: 'Change…' }).click();
    await dialog.getByText('For the department Sales: Nothing is kept from now on.').waitFor();
    await dialog.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByText('Department Sales').waitFor();
    await page.getByLabel('For whom').selectOption('domain');
    await page.waitForFunction("[...document.querySelectorAll('select')].some((one) => one.value === 'days')");
    assert.equal(await page.getByLabel('Days', { exact: true }).inputValue(), '36500', 'it begins with what holds');
  });

  it('shows nothing without a reason, and what two wrote to each other as text', async () => {
    const { page } = here;
    const why = page.getByLabel('Why do you read it?');
    await why.fill('x');
    // By the keyboard: the card above may just be growing by what was changed there, and a button would move under the mouse.
    await why.press('Enter');
    await page.getByText('Say in a few words why you read').waitFor();
    await why.fill('complaint 12');
    await page.getByLabel('With whom').fill('romeo');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('Say who exchanged something with them.').waitFor();
    await page.getByLabel('People', { exact: true }).fill('Frau Lehmann, juliet');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('There is nobody with the address Frau Lehmann in example.test.').waitFor();
    await page.getByLabel('People', { exact: true }).fill('juliet');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    const messages = page.getByRole('list', { name: 'Messages' });
    await messages.getByText('<img src=x').waitFor();
    assert.equal(await messages.getByRole('listitem').count(), 2);
    assert.equal(await page.getByText('lunch at noon').count(), 0);
    await messages.getByRole('button', { name: 'What was around it' }).first().click();
    await page.getByText('What was said around it').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    assert.deepEqual(await seriousFindings(page), []);
    assert.notEqual(await page.title(), '1');
    await picture(page, 'archive');
  });

  it('exports, and gives the file to who proves who they are', async () => {
    const { page } = here;
    await page.getByLabel('Why is it exported?').fill('complaint 12');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const download = page.getByRole('button', { name: 'Download' });
    await download.waitFor();
    door.house.later(6 * 60_000);
    await download.click();
    const prove = page.getByRole('dialog', { name: 'Is it you?' });
    await prove.getByLabel('Your password', { exact: true }).fill(PASSWORD);
    const goOn = prove.getByRole('button', { name: 'Go on' });
    const [saved] = await Promise.all([page.waitForEvent('download'), goOn.click()]);
    const file = await readFile(await saved.path());
    const [made] = (await door.house.commands.archive.exports.list(DOMAIN)).exports;
    assert.equal(createHash('sha256').update(file).digest('hex'), made?.sha256);
    door.house.later(6 * 60_000);
    await page.getByRole('listitem').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog', { name: 'Delete this export?' }).getByRole('button', { name: 'Delete' }).click();
    await prove.getByLabel('Your password', { exact: true }).fill(PASSWORD);
    await goOn.click();
    await page.getByText(`${DOMAIN}: gone`).waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await picture(page, 'archive-narrow');
    assert.deepEqual(here.complaints, []);
  });

  it('says on the page of a person what holds for them, and whose rule that is', async () => {
    const { page } = here;
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(`${door.url}/people/${DOMAIN}/juliet`);
    await page.getByText('Messages are kept for 36,500 days. That is so in all of example.test.').waitFor();
    const [sales] = door.house.stores.departments.list(DOMAIN);
    await door.house.commands.departments.setFor({ name: 'olga', door: 'panel' }, DOMAIN, 'juliet', [sales!.id]);
    await page.reload();
    await page.getByText('That is the rule of the department Sales.').waitFor();
    await picture(page, 'archive-person');
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByRole('heading', { name: 'Archive' }).waitFor();
  });

  it('is in German and dark, too, wide and narrow', async () => {
    for (const [name, viewport] of [
      ['wide', { width: 1280, height: 860 }],
      ['narrow', { width: 390, height: 844 }],
    ] as const) {
      const german = await visit(browser, { bypassCSP: true, locale: 'de-DE', colorScheme: 'dark', viewport });
      await enter(german.page);
      for (const path of ['archive', 'announcements']) {
        await german.page.goto(`${door.url}/${path}`);
        const heading = path === 'archive' ? 'Archiv' : 'Ankündigungen';
        await german.page.getByRole('heading', { name: heading, exact: true }).waitFor();
        await german.page.waitForFunction("document.querySelector('#content .animate-pulse') === null");
        assert.deepEqual(await seriousFindings(german.page), []);
        const wide = await german.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
        assert.equal(wide, false, `${path} is wider than ${name}`);
        await picture(german.page, `${path}-german-dark-${name}`);
      }
      assert.deepEqual(german.complaints, []);
      await german.context.close();
    }
  });
});
